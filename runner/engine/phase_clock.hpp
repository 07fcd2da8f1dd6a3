// PhaseClock: wall time, processor time and peaks of a run's phases.
#pragma once

#include <chrono>
#include <utility>

#include "engine/peak_memory.hpp"
#include "model/run_info.hpp"

namespace mrun {

/// One thread. Each `end` closes the phase that began with the one before.
class PhaseClock {
 public:
  PhaseClock(RunInfo& info, Progress& progress, PeakMemory& peak)
      : info_(info), progress_(progress), peak_(peak) {}

  void begin(const char* phase, std::uint64_t total = 0) {
    name_ = phase;
    progress_.done.store(0, std::memory_order_relaxed);
    progress_.total.store(total, std::memory_order_relaxed);
    wall_ = Clock::now();
    progress_.phase_began.store(wall_, std::memory_order_relaxed);
    progress_.phase.store(phase, std::memory_order_relaxed);
    cpu_ = cpu_seconds();
  }
  /// `budget_bytes`: the most that was charged in the phase.
  void end(std::uint64_t budget_bytes) {
    peak_.sample();
    const double seconds = std::chrono::duration<double>(Clock::now() - wall_).count();
    info_.phases.push_back({name_, seconds, cpu_seconds() - cpu_, budget_bytes, peak_.bytes()});
  }
  double seconds_since_start() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;

  RunInfo& info_;
  Progress& progress_;
  PeakMemory& peak_;
  const char* name_ = "";
  Clock::time_point start_ = Clock::now();
  Clock::time_point wall_ = start_;
  double cpu_ = 0;
};

}  // namespace mrun
