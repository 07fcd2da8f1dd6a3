#include "reduce/group_cursor.hpp"

#include <algorithm>
#include <cstring>

namespace mrun {

Result<bool> GroupCursor::load() {
  if (position_ < pairs_.size()) return true;
  if (ended_) return false;
  MRUN_TRY_ASSIGN(pairs_, source_.next());
  position_ = 0;
  ended_ = pairs_.empty();
  return !ended_;
}

bool GroupCursor::in_group(Slice key) const {
  if (key.size < group_size_) return false;
  if (group_size_ != 0 && std::memcmp(key.data, key_.data(), group_size_) != 0) return false;
  return !job_.spec().has_group_lens ? key.size == group_size_
                                     : group_size(job_, key) == group_size_;
}

Result<bool> GroupCursor::next_group() {
  while (group_open_) {  // What the job left unread.
    MRUN_TRY_ASSIGN(const std::span<const Slice> rest, more());
    group_open_ = !rest.empty();
  }
  MRUN_TRY_ASSIGN(const bool more_pairs, load());
  if (!more_pairs) return false;
  const Slice key = pairs_[position_].key;
  key_.assign(key.data, key.data + key.size);
  group_size_ = group_size(job_, {key_.data(), key_.size()});
  group_open_ = true;
  is_first_ = true;
  return true;
}

std::span<const Slice> GroupCursor::first_values() { return take_values(); }

std::span<const Slice> GroupCursor::take_values() {
  values_.clear();
  keys_.clear();
  const bool wants_keys = job_.spec().has_group_lens;
  while (position_ < pairs_.size() && values_.size() < kBatch) {
    const GroupPair& pair = pairs_[position_];
    // A source shows equal neighbours by the same bytes: then there is nothing to compare.
    const bool repeats =
        is_first_ || (!values_.empty() && pair.key.data == pairs_[position_ - 1].key.data);
    is_first_ = false;
    if (!repeats && !in_group(pair.key)) {
      group_open_ = false;
      break;
    }
    values_.push_back(pair.value);
    if (wants_keys) keys_.push_back(pair.key);
    ++position_;
  }
  return values_;
}

Result<std::span<const Slice>> GroupCursor::more() {
  values_.clear();
  keys_.clear();
  if (!group_open_) return std::span<const Slice>();
  MRUN_TRY_ASSIGN(const bool more_pairs, load());
  if (!more_pairs) {
    group_open_ = false;
    return std::span<const Slice>();
  }
  return take_values();
}

}  // namespace mrun
