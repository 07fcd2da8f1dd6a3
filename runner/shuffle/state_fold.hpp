// StateFold: how the states of one key become one: built-in lanes, or the job's own fold.
#pragma once

#include <cstdint>
#include <span>

#include "model/user_code.hpp"

namespace mrun {

/// Shared by all threads, read-only. States and values are `state_size` bytes, 8-aligned.
class StateFold {
 public:
  explicit StateFold(const UserCode& job);

  /// Folds `values[i]` into `states[i]`, in index order; states may repeat. At most kBatch.
  static constexpr std::size_t kBatch = 64;
  void fold(std::span<void* const> states, std::span<const void* const> values) const;

  std::uint32_t state_size() const { return state_size_; }
  /// One u64 sum: hot loops add it themselves.
  bool is_plain_sum() const { return plain_sum_; }
  /// Any order and grouping gives the same bits, so folds may cross tasks, spills and merges.
  bool is_exact() const { return exact_; }

 private:
  void fold_lanes(void* state, const void* value) const;

  const UserCode& job_;
  const std::uint32_t state_size_;
  bool plain_sum_ = false;
  bool exact_ = false;
};

}  // namespace mrun
