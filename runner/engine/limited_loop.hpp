// for_each_limited, LimitedExecutor: fewer bodies at once than an executor has threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <type_traits>

#include "engine/executor.hpp"

namespace mrun {

/// As Executor::for_each_index, with at most `at_once` bodies running side by side. A body that
/// takes a second number is told its lane, below `at_once`: no two bodies run in one lane at once.
template <typename Body>
void for_each_limited(Executor& executor, std::size_t at_once, std::size_t count,
                      const Body& body) {
  std::atomic<std::size_t> next{0};
  executor.for_each_index(std::min(at_once, count), [&](std::size_t lane) {
    // Relaxed: the executor's end publishes what the bodies did.
    for (std::size_t index; (index = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
      if constexpr (std::is_invocable_v<const Body&, std::size_t, std::size_t>)
        body(index, lane);
      else
        body(index);
    }
  });
}

/// An executor of fewer threads on the threads of another.
class LimitedExecutor final : public Executor {
 public:
  LimitedExecutor(Executor& executor, unsigned width)
      : executor_(executor), width_(std::min(width, executor.width())) {}
  void for_each_index(std::size_t count, const std::function<void(std::size_t)>& body) override {
    for_each_limited(executor_, width_, count, body);
  }
  unsigned width() const override { return width_; }

 private:
  Executor& executor_;
  unsigned width_;
};

}  // namespace mrun
