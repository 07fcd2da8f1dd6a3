// BlockSource: whole records of one file range, in pieces that lie in memory.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.hpp"
#include "input/record_cutter.hpp"
#include "model/entry.hpp"

namespace mrun {

/// Whole records. 64 readable bytes follow. The bytes die with the next call to the source, except
/// where `owner` is set: then they stay for as long as a copy of it lives.
struct Block {
  Slice bytes;
  std::uint64_t offset = 0;  ///< From the file's start.
  std::shared_ptr<const void> owner;
};

/// One thread at a time.
class BlockSource {
 public:
  virtual ~BlockSource() = default;
  /// Fills `block` with the next records; false at the end of the range.
  virtual Result<bool> next(Block& block) = 0;
  /// After the last use of the bytes handed out so far: an error if any of them may be wrong.
  virtual Result<void> check() const = 0;
  /// After the last block of a file that is decoded: by how much the text is longer than the file.
  virtual std::int64_t decoded_bytes_more() const { return 0; }
};

/// What all sources of blocks need to know.
struct BlockRules {
  RecordCutter cutter;
  std::size_t block_bytes;  ///< A block is longer only where one record is.
  /// For CSV: where the byte before the range lies.
  CsvState state = CsvState::border;
};

}  // namespace mrun
