// RunCursor: the pairs of one partition, or of a range of its keys, read back from a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "os/page_buffer.hpp"
#include "os/page_pool.hpp"
#include "shuffle/pair.hpp"
#include "shuffle/run.hpp"

namespace mrun {

/// Pairs of one batch of a cursor, at most.
constexpr std::size_t kCursorBatchPairs = 256;

/// A place between two blocks of a sorted run.
struct RunPlace {
  const Run* segment;
  std::uint64_t offset;  ///< From the segment's begin.
  std::uint64_t block;   ///< Ordinal of the block that begins there.
};

/// Reads block by block and checks each block's header, checksum and count before a pair of it is
/// delivered. Borrows the runs. One thread at a time.
class RunCursor final : public PairSource {
 public:
  /// What a cursor charges. A run with a pair larger than a block charges that pair's size more
  /// while it reads it.
  static std::size_t memory_bytes(std::size_t block_bytes, bool has_zstd = false);

  /// The pairs of `partition` that lie in `range`, of a sorted run's segments. `pool`, which
  /// outlives the cursor, lends it memory; a pair larger than a block takes its own of `budget`.
  /// `behind`: nothing of the partition lies before it, so the blocks there are not walked. Errors:
  /// limit.
  static Result<std::unique_ptr<RunCursor>> open(MemoryBudget& budget, PagePool& pool,
                                                 std::span<const Run> segments,
                                                 std::uint32_t partition, KeyRange range = {},
                                                 const std::optional<RunPlace>& behind = {});

  /// Errors: integrity, naming file and offset; limit where an oversized pair does not fit, naming
  /// the size it needs; what the file says.
  Result<std::span<const Pair>> next() override;

  std::uint64_t pairs_delivered() const { return delivered_; }
  std::uint32_t partition() const { return partition_; }
  /// Where the partitions after its own begin, if it came as far.
  const std::optional<RunPlace>& end_of_partition() const { return end_of_partition_; }

  RunCursor(const RunCursor&) = delete;
  RunCursor& operator=(const RunCursor&) = delete;
  ~RunCursor() override;

 private:
  RunCursor(MemoryBudget& budget, std::span<const Run> segments, std::uint32_t partition,
            KeyRange range, PagePool::Lease lease, const std::optional<RunPlace>& behind);

  const Run& run() const { return segments_.front(); }
  void choose_segment();
  bool enter_next_segment();
  void start_from_index();
  bool starts_below(const BlockHeader& header) const;
  std::span<const Pair> within_range(std::span<const Pair> pairs);
  Result<bool> load_block();
  Result<bool> need_header();
  Result<std::span<const std::byte, kBlockHeaderBytes>> header_bytes(std::uint64_t offset);
  Result<void> accept_header(std::span<const std::byte, kBlockHeaderBytes> bytes);
  Result<bool> needed_for_low();
  void step_over();
  void read_ahead();
  void drop_behind(bool at_end);
  bool unpack(BlockCodec codec, std::span<const std::byte> stored, std::span<std::byte> raw) const;
  Result<void> read_block();
  Result<std::byte*> raw_room(std::uint64_t raw_bytes);
  Failure corrupt(std::uint64_t offset, const char* why) const;

  MemoryBudget* budget_;
  std::span<const Run> segments_;  // That are still to be read; the first is being read.
  std::uint32_t partition_;
  KeyRange range_;
  Pair low_;  // The range's bounds; their tails lie in range_.
  Pair high_;
  PagePool::Lease lease_;
  // Decoded pairs, then a stored block, then a raw one, then what unpacking needs.
  const PageBuffer& memory_ = lease_.buffer();
  PageBuffer oversized_;           // A raw block of one pair that is larger than the others.
  std::uint64_t next_offset_ = 0;  // Of the next block, from the run's begin.
  std::uint64_t next_block_ = 0;   // Its ordinal.
  bool reads_on_ = false;          // A block was read: more will be.
  // From where to where headers are at hand, from the run's begin.
  std::uint64_t window_begin_ = 0, window_end_ = 0;
  std::uint64_t advised_ = 0;  // Up to here the system was asked to read, from the run's begin.
  std::uint64_t dropped_ = 0;  // Up to here it may forget what was read.
  BlockHeader header_;         // Its header, where header_known_.
  bool header_known_ = false;
  bool above_low_;  // From here on no pair is below the range.
  bool done_ = false;
  std::optional<RunPlace> end_of_partition_;
  std::uint64_t block_offset_ = 0;  // Of the block that is being delivered.
  std::uint32_t block_left_ = 0;    // Pairs of it that are still to come.
  const std::uint8_t* at_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  std::uint64_t delivered_ = 0;
};

}  // namespace mrun
