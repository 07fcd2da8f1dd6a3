// TableCursor: a place in a table, moved by key or pair by pair. It holds one decoded block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "table/table_block.hpp"
#include "table/table_reader.hpp"

namespace mrun {

/// One thread at a time; any number at once. A cursor is at a pair or, `valid() == false`, at none:
/// then it only seeks. Every move may find damage (TableReader); the cursor is at no pair then.
/// Keys and values are views that die with the next move.
class TableCursor {
 public:
  /// At no pair. `reader` outlives the cursor.
  explicit TableCursor(const TableReader& reader);

  Result<void> seek_to_first();
  Result<void> seek_to_last();
  /// To the first pair whose key is not smaller than `key`; at no pair where there is none.
  Result<void> seek(Slice key);
  /// To the first pair of `key`: whether there is one, else the cursor is at no pair. Asks the
  /// filter first, and reads one block at most.
  Result<bool> find(Slice key);

  /// Only where valid.
  Result<void> next();
  Result<void> previous();

  bool valid() const { return valid_; }
  Slice key() const { return block_.key(); }
  /// `data` is null where the pair has no value (which is not an empty one).
  Slice value() const { return block_.value(); }
  bool has_value() const { return value().data != nullptr; }

  /// Pairs of the table before this one; where it is at none, all of the table.
  Result<std::uint64_t> rank() const;

  /// Blocks that this cursor has read and checked so far.
  std::uint64_t blocks_read() const { return blocks_read_; }
  /// Their bytes, as they lie in the file.
  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  /// A node on the way from the root, and which of its children is next on it.
  struct Step {
    TableNode node;
    std::size_t child = 0;
  };

  /// From the child that the step at `depth` names goes down to a block, always to the first child
  /// or, where `to_last`, to the last.
  Result<void> descend(std::size_t depth, bool to_last);
  /// Goes down to the leaf node for `key`, whose child on the way is not opened yet.
  Result<void> descend_to(Slice key);
  /// To the block behind the open one, or in front of it; false where there is none.
  Result<bool> move_block(bool forward);
  Result<void> open_block();
  /// What a move within the block came to.
  Result<void> moved(bool decoded);
  std::size_t leaf() const { return path_.size() - 1; }

  const TableReader& reader_;
  std::vector<Step> path_;  ///< The root first.
  TableBlock block_;
  std::uint64_t block_offset_ = 0;  ///< Of the open block; 0: none.
  bool valid_ = false;
  std::uint64_t blocks_read_ = 0;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace mrun
