// GroupCursor: turns sorted pairs into groups of equal keys, one group after another.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/user_code.hpp"

namespace mrun {

/// One pair of a sorted stream as a reduce task needs it.
struct GroupPair {
  Slice key;  ///< Contiguous; valid until the next batch. Equal neighbours may share their bytes.
  Slice value;
};

/// Where groups come from: pairs in order of key, then of input.
class GroupSource {
 public:
  virtual ~GroupSource() = default;
  /// The next pairs; empty at the end. Views die with the next call.
  virtual Result<std::span<const GroupPair>> next() = 0;
};

/// Streams the values of one group at a time; holds one batch, whatever the group's size.
class GroupCursor final : public GroupValues {
 public:
  /// Both outlive the cursor. Where the job groups by a prefix of the key, `job` says which.
  GroupCursor(GroupSource& source, const UserCode& job) : source_(source), job_(job) {}

  /// Goes to the next group, leaving out what is unread of the one before; false at the end.
  Result<bool> next_group();
  /// The whole key of the group's first pair; valid until the next group.
  Slice key() const { return {key_.data(), key_.size()}; }
  /// The group's first values, without a call for more.
  std::span<const Slice> first_values();

  Result<std::span<const Slice>> more() override;
  std::span<const Slice> keys() const override { return keys_; }

 private:
  Result<bool> load();
  bool in_group(Slice key) const;
  std::span<const Slice> take_values();

  static constexpr std::size_t kBatch = 512;  // Values handed out at once.

  GroupSource& source_;
  const UserCode& job_;
  std::span<const GroupPair> pairs_;
  std::size_t position_ = 0;
  bool ended_ = false;
  bool group_open_ = false;  // Pairs at position_ may still belong to the group.
  bool is_first_ = false;    // The pair at position_ is the group's first.
  std::vector<std::uint8_t> key_;
  std::uint32_t group_size_ = 0;  // Bytes of key_ that make the group.
  std::vector<Slice> values_;
  std::vector<Slice> keys_;
};

}  // namespace mrun
