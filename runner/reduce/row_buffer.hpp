// RowBuffer: the rows that a reduce puts aside, in memory and, where they do not fit, on disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/memory_budget.hpp"
#include "model/user_code.hpp"
#include "os/page_buffer.hpp"
#include "os/scratch_space.hpp"

namespace mrun {

/// One thread at a time. Rows lie in blocks, each behind its length; a row lies in one block. When
/// the share is used up all blocks are written to a file without a name, and filled anew.
class RowBuffer final : public RowList {
 public:
  /// `scratch` outlives the buffer. A row may take a third of `share_bytes`.
  RowBuffer(std::size_t share_bytes, ScratchSpace& scratch);

  Result<void> append(Slice row) override;
  Result<std::optional<Slice>> next() override;
  void rewind() override { at_ = {}; }
  void clear() override;

  std::uint64_t spilled_bytes() const { return spilled_bytes_; }

 private:
  struct Block {
    PageBuffer bytes;
    std::size_t used = 0;
  };
  struct Stored {
    std::uint64_t offset = 0;
    std::size_t size = 0;
  };
  struct Position {
    std::size_t block = 0;  // Stored ones first, then those in memory.
    std::size_t byte = 0;
  };

  Result<void> open_block(std::size_t bytes);
  Result<void> spill();
  Result<Slice> block_bytes(std::size_t block);

  MemoryBudget budget_;
  ScratchSpace& scratch_;
  std::vector<Block> blocks_;   // In memory, the last one open.
  std::vector<Stored> stored_;  // Before them, in file_.
  std::unique_ptr<StorageFile> file_;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t spilled_bytes_ = 0;
  Position at_;
  PageBuffer read_;                 // A stored block.
  std::size_t read_block_ = kNone;  // Which one.
  static constexpr std::size_t kNone = SIZE_MAX;
};

}  // namespace mrun
