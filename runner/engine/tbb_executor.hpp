// TbbExecutor: the executor of a real run, on oneTBB's work stealing threads.
#pragma once

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include "engine/executor.hpp"

namespace mrun {

/// At most `threads` bodies run at once, the caller's thread among them; fewer where the system
/// refuses threads, see `width`.
class TbbExecutor final : public Executor {
 public:
  explicit TbbExecutor(unsigned threads);
  TbbExecutor(const TbbExecutor&) = delete;
  TbbExecutor& operator=(const TbbExecutor&) = delete;
  ~TbbExecutor() override;  ///< Waits for its threads' end.

  void for_each_index(std::size_t count, const std::function<void(std::size_t)>& body) override;
  unsigned width() const override { return threads_; }

 private:
  unsigned threads_;
  tbb::task_scheduler_handle handle_{tbb::attach{}};
  tbb::global_control limit_;  // Without it TBB starts no more threads than there are cores.
  tbb::task_arena arena_;
};

}  // namespace mrun
