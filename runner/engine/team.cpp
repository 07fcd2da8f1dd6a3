#include "engine/team.hpp"

#include <utility>

namespace mrun {

void Team::work(std::unique_lock<std::mutex>& lock) {
  while (has_work()) {
    const std::size_t index = next_++;
    ++running_;
    const auto& body = *body_;
    std::exception_ptr thrown;
    lock.unlock();
    try {
      body(index);
    } catch (...) {  // Where an allocation fails. The leader shall have it, when nobody works on.
      thrown = std::current_exception();
    }
    lock.lock();
    if (thrown) {
      thrown_ = thrown;
      next_ = count_;
    }
    if (--running_ == 0) changed_.notify_all();
  }
}

void Team::for_each_index(std::size_t count, const std::function<void(std::size_t)>& body) {
  std::unique_lock lock(mutex_);
  body_ = &body;
  next_ = 0;
  count_ = count;
  changed_.notify_all();
  work(lock);
  changed_.wait(lock, [this] { return running_ == 0; });
  body_ = nullptr;
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void Team::help() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    work(lock);
    changed_.wait(lock, [this] { return ended_ || has_work(); });
  }
}

void Team::end() {
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

}  // namespace mrun
