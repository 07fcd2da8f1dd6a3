// TableNode: a view of one node of a mapped table, searched in place.
#pragma once

#include <cstddef>
#include <cstdint>

#include "table/table_filter.hpp"
#include "table/table_format.hpp"

namespace mrun {

/// How a key lies to the begin of a child.
enum class Side : std::uint8_t {
  before,   ///< The child begins after the key.
  at,       ///< It begins with the key, or with one that nothing lies before but the key.
  after,    ///< It begins before the key.
  unknown,  ///< Its separator is cut, and the key begins with what there is of it.
};

/// Its bytes outlive it. Safe whatever they hold.
class TableNode {
 public:
  TableNode() = default;
  /// `data`: where the node of `slot` begins in a mapped file. False where the slot's sizes do not
  /// fit together.
  bool open(const std::uint8_t* data, const TableSlot& slot);

  std::size_t slots() const { return slots_; }
  bool has_filter() const { return lines_ != 0; }
  bool may_hold(std::uint64_t hash) const { return filter_may_hold(filter_, lines_, hash); }
  TableSlot slot(std::size_t i) const { return decode_slot(first_slot_ + i * kSlotBytes); }
  /// Of child i; empty where it does not lie in the node.
  Slice separator(const TableSlot& slot) const;
  /// `prefix`: separator_prefix of the key.
  Side side_of(Slice key, std::uint64_t prefix, std::size_t i) const;
  std::uint64_t entries_before(std::size_t child) const;

 private:
  const std::uint8_t* filter_ = nullptr;
  const std::uint8_t* first_slot_ = nullptr;
  const std::uint8_t* separators_ = nullptr;
  std::size_t lines_ = 0;
  std::size_t slots_ = 0;
  std::size_t separator_bytes_ = 0;
};

}  // namespace mrun
