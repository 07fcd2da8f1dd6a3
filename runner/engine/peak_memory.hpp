// PeakMemory: the highest anonymous memory of the process that was seen, sampled task by task.
#pragma once

#include <atomic>
#include <cstdint>

#include "os/machine.hpp"

namespace mrun {

/// Any thread may call any member.
class PeakMemory {
 public:
  void sample() {
    const std::uint64_t now = anonymous_memory_bytes();
    std::uint64_t seen = bytes_.load(std::memory_order_relaxed);  // Relaxed: only shown.
    while (now > seen && !bytes_.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
    }
  }
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace mrun
