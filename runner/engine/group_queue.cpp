#include "engine/group_queue.hpp"

namespace mrun {

std::size_t GroupQueue::take() {
  for (;;) {
    const std::uint64_t seen = reader_.change_count();
    {
      const std::scoped_lock lock(mutex_);
      if (const std::optional<std::size_t> found = find()) return *found;
    }
    reader_.wait_for_change(seen);
  }
}

std::optional<std::size_t> GroupQueue::find() {
  for (auto lane = lanes_.begin(); lane != lanes_.end(); ++lane) {
    if (!reader_.may_open(first_split(lane->next))) continue;
    const std::size_t found = lane->next++;
    if (lane->next == lane->end) lanes_.erase(lane);
    return found;
  }
  if (next_ == groups_.size()) return std::nullopt;
  const std::size_t found = next_++;
  while (next_ < groups_.size() && first_split(next_).ranges.front().begin > 0 &&
         reader_.is_part(first_split(next_)))
    ++next_;
  if (next_ > found + 1) lanes_.push_back({found + 1, next_});
  return found;
}

void GroupQueue::give_up(std::size_t index) {
  const SplitGroup& group = groups_[index];
  for (std::size_t i = 0; i < group.split_count; ++i)
    reader_.give_up(plan_.splits[group.first_split + i]);
}

}  // namespace mrun
