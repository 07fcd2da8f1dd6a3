// Reads relaxed counts that only have to be roughly right.
#include "cli/progress_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <system_error>

#include "base/size_text.hpp"

namespace mrun {
namespace {

constexpr std::chrono::milliseconds kBetweenLines{200};
/// Back to the line's begin, and wipe to its end.
constexpr std::string_view kWipe = "\r\x1b[K";

}  // namespace

std::string progress_text(const Progress& progress, unsigned columns) {
  const std::string_view phase = progress.phase.load(std::memory_order_relaxed);
  const std::uint64_t total = progress.total.load(std::memory_order_relaxed);
  // A phase may change between these reads; a line of 140 % would look like a bug.
  const std::uint64_t done = std::min(progress.done.load(std::memory_order_relaxed), total);
  std::string text = fmt::format("mrun: {}", phase);
  if (total > 0) {
    const auto percent =
        static_cast<unsigned>(100.0 * static_cast<double>(done) / static_cast<double>(total));
    text += phase == "map"
                ? fmt::format(" {}% ({} of {})", percent, size_text(done), size_text(total))
                : fmt::format(" {}%", percent);
  }
  // A line as long as the terminal is wide would wrap on some.
  if (columns > 0 && text.size() >= columns) text.resize(columns - 1);
  return text;
}

ProgressLine::ProgressLine(const Progress& progress, const Console& console)
    : progress_(progress), console_(console) {
  if (console_.err_columns == 0) return;
  try {
    thread_ = std::thread([this] { show(); });
  } catch (const std::system_error&) {
    // No thread to be had: the run matters more than its line.
  }
}

ProgressLine::~ProgressLine() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_one();
  thread_.join();
  console_.err(kWipe);
}

void ProgressLine::show() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kBetweenLines, [this] { return end_; }))
    console_.err(fmt::format("{}{}", kWipe, progress_text(progress_, console_.err_columns)));
}

}  // namespace mrun
