// Team: threads that wait for the same thing, and meanwhile do one thread's work together.
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>

#include "engine/executor.hpp"

namespace mrun {

/// One thread leads: it alone calls `for_each_index`, any number of times, and at last `end`. The
/// others call `help`, which returns after that. All may come at any time. What a body throws on
/// any thread the leader's call throws.
class Team final : public Executor {
 public:
  /// `width`: threads that are expected, the leader included.
  explicit Team(unsigned width) : width_(width) {}

  void help();
  void for_each_index(std::size_t count, const std::function<void(std::size_t)>& body) override;
  unsigned width() const override { return width_; }
  void end();

 private:
  bool has_work() const { return body_ != nullptr && next_ < count_; }
  void work(std::unique_lock<std::mutex>& lock);

  const unsigned width_;
  std::mutex mutex_;  // Guards what follows.
  std::condition_variable changed_;
  const std::function<void(std::size_t)>* body_ = nullptr;
  std::size_t next_ = 0, count_ = 0;
  std::size_t running_ = 0;
  std::exception_ptr thrown_;
  bool ended_ = false;
};

}  // namespace mrun
