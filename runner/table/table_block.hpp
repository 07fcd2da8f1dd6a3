// TableBlock: one block of a table, decoded (or where it lies), walked pair by pair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/block_codec.hpp"
#include "table/table_format.hpp"

namespace mrun {

/// One thread at a time. Safe whatever the bytes hold: what does not decode is a false, after which
/// the block is to be opened anew.
class TableBlock {
 public:
  /// `stored`: the block's bytes, whose checksum holds. They outlive what is read of the block.
  [[nodiscard]] bool open(const std::uint8_t* stored, const TableSlot& slot);
  bool is_open() const { return data_ != nullptr; }
  void close() { data_ = nullptr; }

  [[nodiscard]] bool to_first() { return to(0); }
  [[nodiscard]] bool to_last();
  /// To the first pair whose key is not smaller than `key`; past the end where there is none.
  [[nodiscard]] bool to_key(Slice key);
  /// To the pair behind this one, or past the end.
  [[nodiscard]] bool next() { return next_ == pairs_end_ ? to_end() : read(next_); }
  /// To the pair before this one, which is not the first.
  [[nodiscard]] bool previous();

  bool at_end() const { return at_ == pairs_end_; }
  bool at_first() const { return at_ == 0; }
  /// Views that live until the next move.
  Slice key() const { return key_; }
  Slice value() const { return value_; }
  /// Pairs before the one that it is at, or of the block at the end.
  [[nodiscard]] bool rank(std::uint64_t& pairs) const;
  /// Whether the restarts are where the format wants them: searches and moves back go by them.
  [[nodiscard]] bool restarts_hold() const;

 private:
  [[nodiscard]] bool to(std::size_t offset);
  [[nodiscard]] bool to_end();
  /// The pair at `offset`, which follows the one that it is at, or is a restart.
  [[nodiscard]] bool read(std::size_t offset);
  std::size_t restart(std::size_t i) const;
  /// The key at restart i, which is whole there.
  [[nodiscard]] bool restart_key(std::size_t i, Slice& key) const;
  /// The last restart at or before `offset`.
  std::size_t restart_before(std::size_t offset) const;

  const std::uint8_t* data_ = nullptr;
  std::size_t pairs_end_ = 0;  // Where the restarts begin.
  std::size_t restarts_ = 0;

  std::size_t at_ = 0, next_ = 0;
  Slice key_, value_;
  std::vector<std::uint8_t> joined_key_;
  std::vector<std::uint8_t> decoded_;
  ZstdDecompressor zstd_;
};

}  // namespace mrun
