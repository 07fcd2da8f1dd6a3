// RunWriter: writes pairs that come in order to one sorted run on disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "os/page_buffer.hpp"
#include "os/storage.hpp"
#include "shuffle/block_packing.hpp"
#include "shuffle/pair.hpp"
#include "shuffle/run.hpp"

namespace mrun {

/// Blocks, index and footer of one run, in large sequential writes. Borrows file and budget. One
/// thread at a time. A writer that dies before `finish` leaves bytes that no reader accepts.
class RunWriter {
 public:
  /// What a writer charges. Its index may take up to 432 KiB more, where the budget has them; where
  /// it has not, the index lists fewer blocks.
  static std::size_t memory_bytes(std::size_t block_bytes,
                                  SpillCompression compression = SpillCompression::lz4);

  /// What the index of a run charges at first. Where there is less it lists one block.
  static std::size_t index_bytes_wanted();

  /// A writer whose run begins at `offset` of `file`; blocks of at most `block_bytes`
  /// (kBlockBytesMin … kBlockBytesMax) raw, except that a larger pair has a block of its own.
  /// The run's index is charged to `index_budget`, which outlives the run. Errors: limit.
  static Result<RunWriter> create(MemoryBudget& budget, StorageFile& file, std::uint64_t offset,
                                  std::size_t block_bytes, MemoryBudget& index_budget,
                                  const SpillPacking& packing = {});
  static Result<RunWriter> create(MemoryBudget& budget, StorageFile& file, std::uint64_t offset,
                                  std::size_t block_bytes, const SpillPacking& packing = {}) {
    return create(budget, file, offset, block_bytes, budget, packing);
  }

  /// Appends pairs of one partition. Partitions ascend from call to call, keys within a partition.
  /// The pairs' bytes are copied. Errors: what the file says.
  Result<void> add(std::uint32_t partition, std::span<const Pair> pairs);

  /// Writes what is left, index and footer. The writer is used up.
  Result<Run> finish();

  /// Pairs taken and bytes handed to the file so far.
  std::uint64_t pair_count() const { return footer_.pair_count; }
  std::uint64_t written_bytes() const { return written_; }

 private:
  RunWriter(MemoryBudget& index_budget, StorageFile& file, std::uint64_t offset,
            std::size_t block_bytes, PageBuffer memory, const SpillPacking& packing);

  std::span<std::byte> out() const;
  void append(const Pair& pair);
  void open_block(std::uint32_t partition, const Pair& first);
  Result<void> seal_block();
  Result<void> write_oversized(const Pair& pair, std::size_t bytes);
  void remember(const BlockHeader& header);
  bool set_index_capacity(std::size_t entries);
  Result<void> flush();

  MemoryBudget* index_budget_;
  StorageFile* file_;
  std::uint64_t begin_;
  std::size_t block_bytes_;
  // The raw bytes of an open block that may be packed, then those that wait to be written, where an
  // open block that is stored as it is has its place already, then what packing needs.
  PageBuffer memory_;
  BlockPacker packer_;
  std::byte* raw_ = nullptr;  // Where the open block's bytes begin.
  std::size_t raw_used_ = 0;
  std::size_t out_used_ = 0;
  std::uint64_t written_ = 0;    // Bytes from begin_ on that the file has.
  std::uint64_t writeback_ = 0;  // Bytes from begin_ on that the system was asked to write back.
  BlockHeader block_;            // Of the open block, where raw_used_ is not 0.
  std::uint32_t partition_ = 0;
  std::uint64_t last_k0_ = 0;
  std::uint64_t last_k1_ = 0;
  RunFooter footer_;
  std::vector<BlockHeader> index_;
  Charge index_charge_;
};

}  // namespace mrun
