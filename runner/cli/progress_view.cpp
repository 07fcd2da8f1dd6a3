// Reads relaxed counts that only have to be roughly right.
#include "cli/progress_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <system_error>

#include "base/size_text.hpp"
#include "cli/json_events.hpp"
#include "cli/option_values.hpp"
#include "os/machine.hpp"

namespace mrun {
namespace {

using std::chrono::milliseconds;

/// Back to the line's begin, and wipe to its end.
constexpr std::string_view kWipe = "\r\x1b[K";
/// A rate measured over less time than this says nothing.
constexpr double kRateSecondsLeast = 0.5;

milliseconds between(ProgressMode mode) {
  switch (mode) {
    case ProgressMode::live:
      return milliseconds(100);
    case ProgressMode::plain:
      return milliseconds(30'000);
    case ProgressMode::json:
    case ProgressMode::none:
      break;
  }
  return milliseconds(1000);
}

std::string time_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

}  // namespace

Result<ProgressMode> parse_progress_mode(const std::string& option, const std::string& text,
                                         const Console& console) {
  const ProgressMode fitting = console.err_is_live ? ProgressMode::live : ProgressMode::plain;
  return parse_choice<ProgressMode>(option, text,
                                    {{"auto", fitting},
                                     {"tty", ProgressMode::live},
                                     {"plain", ProgressMode::plain},
                                     {"none", ProgressMode::none}});
}

std::optional<double> ProgressState::seconds_left() const {
  if (total == 0 || done == 0 || done >= total || seconds < kRateSecondsLeast) return std::nullopt;
  return seconds / static_cast<double>(done) * static_cast<double>(total - done);
}

std::string progress_text(const ProgressState& state, unsigned columns) {
  std::string text = fmt::format("mrun: {}", state.phase);
  const bool counts_bytes = state.phase == "map";
  if (state.total > 0) {
    const auto percent = static_cast<unsigned>(100.0 * static_cast<double>(state.done) /
                                               static_cast<double>(state.total));
    text += fmt::format(" {}%", percent);
    if (counts_bytes)
      text += fmt::format(" ({} of {})", size_text(state.done), size_text(state.total));
  } else if (counts_bytes) {
    text += " " + size_text(state.done);
  }
  if (counts_bytes && state.seconds >= kRateSecondsLeast)
    text += fmt::format(
        ", {}/s",
        size_text(static_cast<std::uint64_t>(static_cast<double>(state.done) / state.seconds)));
  if (const std::optional<double> left = state.seconds_left())
    text += fmt::format(", {} left", time_text(*left));
  if (state.memory_bytes > 0) text += fmt::format(", memory {}", size_text(state.memory_bytes));
  if (state.spilled_bytes > 0) text += fmt::format(", spilled {}", size_text(state.spilled_bytes));
  // A line as long as the terminal is wide would wrap on some.
  if (columns > 0 && text.size() >= columns) text.resize(columns - 1);
  return text;
}

ProgressView::ProgressView(const Progress& progress, const Console& console, ProgressMode mode)
    : progress_(progress), console_(console), mode_(mode) {
  if (mode == ProgressMode::none) return;
  try {
    thread_ = std::thread([this] { show(); });
  } catch (const std::system_error&) {
    // No thread to be had: the run matters more than its line.
  }
}

ProgressView::~ProgressView() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_one();
  thread_.join();
  if (mode_ == ProgressMode::live) console_.err(kWipe);
}

ProgressState ProgressView::state() const {
  ProgressState state;
  state.phase = progress_.phase.load(std::memory_order_relaxed);
  state.total = progress_.total.load(std::memory_order_relaxed);
  // A phase may change between these reads; a line of 140 % would look like a bug.
  state.done = progress_.done.load(std::memory_order_relaxed);
  if (state.total > 0) state.done = std::min(state.done, state.total);
  state.spilled_bytes = progress_.spilled_bytes.load(std::memory_order_relaxed);
  state.memory_bytes = anonymous_memory_bytes();
  const auto began = progress_.phase_began.load(std::memory_order_relaxed);
  state.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return state;
}

void ProgressView::show() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, between(mode_), [this] { return end_; })) {
    const ProgressState now = state();
    if (mode_ == ProgressMode::live) {
      const unsigned columns = console_.err_columns ? console_.err_columns() : 0;
      console_.err(fmt::format("{}{}", kWipe, progress_text(now, columns)));
    } else if (mode_ == ProgressMode::plain) {
      console_.err(progress_text(now, 0) + "\n");
    } else {
      console_.err(progress_event(now));
    }
  }
}

}  // namespace mrun
