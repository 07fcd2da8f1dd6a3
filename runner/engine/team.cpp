#include "engine/team.hpp"

namespace mrun {

void Team::work(std::unique_lock<std::mutex>& lock) {
  while (has_work()) {
    const std::size_t index = next_++;
    ++running_;
    const auto& body = *body_;
    lock.unlock();
    body(index);
    lock.lock();
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
