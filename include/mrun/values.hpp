// Values<V>: the values of one key as a range that is read once, however many there are.
#pragma once

#include <cstdint>
#include <iterator>
#include <string_view>

#include "buffer.hpp"
#include "codec.hpp"
#include "exact_sum.hpp"
#include "fail.hpp"
#include "plugin.h"

namespace mrun {

/// The values of a group in input order. A single pass: what was read is gone, and a second loop
/// goes on where the first one stopped. A view of a value lives until the next value is taken.
template <typename V>
class Values {
 public:
  Values(detail::Session& session, mrun_group& group) : session_(&session), group_(&group) {}
  Values(const Values&) = delete;
  Values& operator=(const Values&) = delete;

  class iterator {
   public:
    using value_type = V;
    using difference_type = std::ptrdiff_t;

    explicit iterator(Values& values) : values_(&values) {}
    V operator*() const { return values_->current(); }
    iterator& operator++() {
      ++values_->next_;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !values_->have(); }

   private:
    Values* values_;
  };

  iterator begin() { return iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

  /// The key of the value that the loop is at: where `group_fields` makes groups of several keys,
  /// it tells them apart. `K` is the job's key; its views live until the next call.
  template <typename K>
  K key() {
    const std::string_view bytes = key_bytes();
    return detail::KeyCodec<K>::get(
        {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, key_scratch_);
  }
  /// The same, encoded.
  std::string_view key_bytes() const {
    const mrun_slice key =
        group_->keys != nullptr && next_ < group_->n ? group_->keys[next_] : group_->key;
    return {reinterpret_cast<const char*>(key.data), static_cast<std::size_t>(key.size)};
  }

 private:
  bool have() {
    while (next_ >= group_->n) {
      if (ended_) return false;
      session_->check(group_->more(group_));
      next_ = 0;
      ended_ = group_->n == 0;
    }
    return true;
  }

  V current() const {
    mrun_slice bytes;
    if (group_->values != nullptr)
      bytes = group_->values[next_];
    else
      bytes = {group_->fixed + std::uint64_t{group_->stride} * next_, group_->stride};
    if constexpr (std::floating_point<V>) {
      if (bytes.size == sizeof(detail::ExactSum)) {
        detail::ExactSum sum;
        std::memcpy(sum.limbs, bytes.data, sizeof sum.limbs);
        return static_cast<V>(sum.round());
      }
    }
    return detail::ValueCodec<V>::get(bytes.data, bytes.size);
  }

  detail::Session* session_;
  mrun_group* group_;
  std::uint32_t next_ = 0;
  bool ended_ = false;
  detail::Buffer key_scratch_;
};

}  // namespace mrun
