// ProgressView: says how far a run is: a live line at a terminal, or a line now and then.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "cli/console.hpp"
#include "model/run_info.hpp"

namespace mrun {

enum class ProgressMode {
  none,
  live,   ///< One line that is written over, ten times a second.
  plain,  ///< A line of its own every 30 s.
  json    ///< An event a second, see json_events.hpp.
};

/// "auto", "tty", "plain" or "none"; `auto` is live at a terminal that can do it, else plain.
Result<ProgressMode> parse_progress_mode(const std::string& option, const std::string& text,
                                         const Console& console);

/// What is known of a run at one moment.
struct ProgressState {
  std::string phase;
  std::uint64_t done = 0, total = 0;  ///< Bytes mapped, or pieces reduced; a total of 0: not known.
  std::uint64_t spilled_bytes = 0, memory_bytes = 0;
  double seconds = 0;  ///< In this phase.

  /// Seconds until the phase ends, as it goes now; nothing where that cannot be said.
  std::optional<double> seconds_left() const;
};

/// The line for a state, without escapes and no longer than `columns`, where that is not 0.
std::string progress_text(const ProgressState& state, unsigned columns);

/// Shows the progress by a thread of its own while it lives, and wipes a live line then.
class ProgressView {
 public:
  /// Both outlive the view.
  ProgressView(const Progress& progress, const Console& console, ProgressMode mode);
  ~ProgressView();
  ProgressView(const ProgressView&) = delete;
  ProgressView& operator=(const ProgressView&) = delete;

 private:
  void show();
  ProgressState state() const;

  const Progress& progress_;
  const Console& console_;
  const ProgressMode mode_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;  // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace mrun
