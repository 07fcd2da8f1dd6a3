// FirstFailure: of the failures of many tasks, the one of the lowest task, whatever the schedule.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>
#include <mutex>
#include <optional>

#include "base/result.hpp"

namespace mrun {

/// Any thread may call `note` and `is_moot`.
class FirstFailure {
 public:
  /// Whether task `index` need not run, because one before it has failed.
  bool is_moot(std::size_t index) const {
    // Relaxed: who does not see it yet only does work that is thrown away.
    return index > lowest_.load(std::memory_order_relaxed);
  }

  void note(std::size_t index, Error error) {
    const std::scoped_lock lock(mutex_);
    // That a task was given up because of another one says nothing to a user.
    const bool says_more =
        error_ && error_->code == Code::cancelled && error.code != Code::cancelled;
    const bool says_less =
        error_ && error_->code != Code::cancelled && error.code == Code::cancelled;
    if (!error_ || says_more || (!says_less && index < index_)) {
      error_ = std::move(error);
      index_ = index;
    }
    if (index < lowest_.load(std::memory_order_relaxed))
      lowest_.store(index, std::memory_order_relaxed);
  }
  void note(std::size_t index, Result<void> outcome) {
    if (!outcome) note(index, std::move(outcome).error());
  }

  /// After all tasks have ended.
  Result<void> result() const {
    if (error_) return Failure{*error_};
    return {};
  }

 private:
  std::atomic<std::size_t> lowest_{std::numeric_limits<std::size_t>::max()};
  std::mutex mutex_;  // Guards what follows.
  std::optional<Error> error_;
  std::size_t index_ = 0;
};

}  // namespace mrun
