// StopFlag: how a signal, or a failure elsewhere, asks every task of a job to end soon.
#pragma once

#include <atomic>
#include <cstdint>

namespace mrun {

/// Set once, read by all: tasks look at it once per batch. A signal handler may call `stop`.
///
/// The value is an int32 so that a job's own code can watch the same word through the C contract.
class StopFlag {
 public:
  /// Asks all to stop. `reason` is the signal's number, or -1 for a failure of another task.
  void stop(std::int32_t reason) noexcept {
    std::int32_t none = 0;
    // Relaxed: the word itself is the whole message, nothing is published with it.
    value_.compare_exchange_strong(none, reason, std::memory_order_relaxed);
  }
  bool stopped() const noexcept { return value_.load(std::memory_order_relaxed) != 0; }
  /// 0, or what the first `stop` said.
  std::int32_t reason() const noexcept { return value_.load(std::memory_order_relaxed); }
  /// The word itself, for mrun_worker_ctx.cancelled.
  const std::int32_t* word() const noexcept {
    return reinterpret_cast<const std::int32_t*>(&value_);
  }

 private:
  static_assert(std::atomic<std::int32_t>::is_always_lock_free &&
                sizeof(std::atomic<std::int32_t>) == 4);
  std::atomic<std::int32_t> value_{0};
};

}  // namespace mrun
