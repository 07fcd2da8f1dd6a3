// TableCursor: a place in a table, moved by key or pair by pair. It holds one decoded block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

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
  Slice key() const { return key_; }
  /// `data` is null where the pair has no value (which is not an empty one).
  Slice value() const { return value_; }
  bool has_value() const { return value_.data != nullptr; }

  /// Blocks that this cursor has read and checked so far.
  std::uint64_t blocks_read() const { return blocks_read_; }

 private:
  const TableReader& reader_;
  bool valid_ = false;
  Slice key_, value_;
  std::uint64_t blocks_read_ = 0;
  std::vector<std::uint8_t> block_;
};

}  // namespace mrun
