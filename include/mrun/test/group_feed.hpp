// GroupFeed: hands a group's values to a reduce in small batches.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "pair.hpp"

namespace mrun::test {

/// The pairs of one group in order. Each batch lies in fresh memory, and what the batch before lay
/// in is freed, so that a sanitizer sees a view that is kept too long.
class GroupFeed {
 public:
  /// `pairs`: at least one; they outlive the feed. `batch`: values at a time. `with_keys`: each
  /// value's key is told. `strided`: values of one size may lie side by side.
  GroupFeed(std::span<const Pair> pairs, std::uint32_t batch, bool with_keys, bool strided)
      : rest_(pairs), batch_(batch), with_keys_(with_keys), strided_(strided) {
    hosted_.feed = this;
    mrun_group& group = hosted_.group;
    group.size = sizeof group;
    group.key = slice_of(pairs.front().key);
    group.more = [](mrun_group* more) {
      // The group is the first member of what it lies in.
      reinterpret_cast<Hosted*>(more)->feed->fill();
      return mrun_status{MRUN_OK};
    };
    fill();
  }
  GroupFeed(const GroupFeed&) = delete;
  GroupFeed& operator=(const GroupFeed&) = delete;

  mrun_group* group() { return &hosted_.group; }

 private:
  struct Hosted {
    mrun_group group;
    GroupFeed* feed;
  };

  void fill() {
    const auto taken = rest_.first(std::min<std::size_t>(rest_.size(), batch_));
    rest_ = rest_.subspan(taken.size());
    live_ = std::vector<Pair>(taken.begin(), taken.end());
    values_.clear();
    keys_.clear();
    std::vector<std::uint8_t> bytes;
    bool same_size = strided_;
    for (const Pair& pair : live_) {
      values_.push_back(slice_of(pair.value));
      keys_.push_back(slice_of(pair.key));
      bytes.insert(bytes.end(), pair.value.begin(), pair.value.end());
      same_size = same_size && pair.value.size() == live_.front().value.size();
    }
    side_by_side_ = std::move(bytes);
    mrun_group& group = hosted_.group;
    group.n = static_cast<std::uint32_t>(live_.size());
    group.values = same_size ? nullptr : values_.data();
    group.fixed = same_size ? side_by_side_.data() : nullptr;
    group.stride =
        same_size && !live_.empty() ? static_cast<std::uint32_t>(live_.front().value.size()) : 0;
    group.keys = with_keys_ ? keys_.data() : nullptr;
  }

  Hosted hosted_{};
  std::span<const Pair> rest_;
  std::uint32_t batch_;
  bool with_keys_, strided_;
  std::vector<Pair> live_;
  std::vector<mrun_slice> values_, keys_;
  std::vector<std::uint8_t> side_by_side_;
};

}  // namespace mrun::test
