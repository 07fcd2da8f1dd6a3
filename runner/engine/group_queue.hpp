// GroupQueue: which group of splits a thread maps next.
//
// The lowest one that is left, but for compressed files: while one thread decodes what the next
// part of a file depends on, the others take the next file rather than wait.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <span>

#include "engine/split_groups.hpp"
#include "input/input_reader.hpp"

namespace mrun {

/// Any thread may call any member.
class GroupQueue {
 public:
  /// Borrows all.
  GroupQueue(std::span<const SplitGroup> groups, const SplitPlan& plan, InputReader& reader)
      : groups_(groups), plan_(plan), reader_(reader) {}

  /// The index of a group that nobody has taken; to be called once for each. It waits only while
  /// every file at hand has a thread that is about to free its next part, and of those that may
  /// begin it takes the lowest, so who maps the lowest group that is not done never waits for a
  /// higher one.
  std::size_t take();
  /// The group failed or is not mapped: none that depends on it waits any longer.
  void give_up(std::size_t index);

 private:
  /// Neighbouring groups that depend on each other, for they share a compressed file.
  struct Lane {
    std::size_t next;
    std::size_t end;
  };
  std::optional<std::size_t> find();
  const Split& first_split(std::size_t group) const {
    return plan_.splits[groups_[group].first_split];
  }

  std::span<const SplitGroup> groups_;
  const SplitPlan& plan_;
  InputReader& reader_;
  std::mutex mutex_;       // Guards what follows.
  std::list<Lane> lanes_;  ///< That were begun, in order.
  std::size_t next_ = 0;   ///< The first group of none of them.
};

}  // namespace mrun
