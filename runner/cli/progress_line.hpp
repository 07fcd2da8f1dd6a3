// ProgressLine: one line at a terminal that says how far a run is.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "cli/console.hpp"
#include "model/run_info.hpp"

namespace mrun {

/// The line for this state, without escapes and no longer than `columns`.
std::string progress_text(const Progress& progress, unsigned columns);

/// Shows the line five times a second, by a thread of its own, while it lives; then wipes it. Does
/// nothing where the console is no terminal.
class ProgressLine {
 public:
  /// Both outlive the line.
  ProgressLine(const Progress& progress, const Console& console);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

 private:
  void show();

  const Progress& progress_;
  const Console& console_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;  ///< Guarded by mutex_.
  std::thread thread_;
};

}  // namespace mrun
