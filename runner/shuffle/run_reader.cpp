// Reads one partition of a sorted run, or a range of its keys, block by block.
#include "shuffle/run_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "base/size_text.hpp"
#include "codec/block_codec.hpp"
#include "os/machine.hpp"

namespace mrun {
namespace {

constexpr std::size_t kPairsBytes = kCursorBatchPairs * sizeof(Pair);

/// A block is read together with the header after it, in one call.
constexpr std::size_t kBlockSlackBytes = 128;
static_assert(kBlockSlackBytes >= kBlockHeaderBytes && kBlockSlackBytes >= kDecodeSlackBytes);

/// Headers of blocks that the index does not list are read so many bytes at a time: with very many
/// partitions blocks are small, and one that is wanted stands behind many.
constexpr std::size_t kHeaderWindowBytes = std::size_t{16} << 10;
static_assert(kHeaderWindowBytes <= kBlockBytesMin);

/// How far the system is asked to read ahead of a cursor, in steps of half of it. Many cursors read
/// at many places of one file, where it does not foresee by itself what comes next.
constexpr std::uint64_t kReadAheadBytes = std::uint64_t{1} << 20;
/// What was read is dropped from the cache in steps of this many bytes.
constexpr std::uint64_t kDropBytes = std::uint64_t{1} << 20;

constexpr std::size_t work_offset(std::size_t block_bytes) {
  return (kPairsBytes + 2 * (block_bytes + kBlockSlackBytes) + 63) / 64 * 64;
}

std::size_t buffer_bytes(std::size_t block_bytes, bool has_zstd) {
  return work_offset(block_bytes) + (has_zstd ? zstd_decompress_work_bytes() : 0);
}

/// Whether a block's first pair is before `bound` as far as its prefix, length and task show.
bool surely_below(const BlockHeader& header, const Pair& bound) {
  if (header.first_k0 != bound.k0) return header.first_k0 < bound.k0;
  if (header.first_k1 != bound.k1) return header.first_k1 < bound.k1;
  if (header.first_klen > kPrefixBytes) return false;
  if (header.first_klen != bound.klen) return header.first_klen < bound.klen;
  return header.first_task < bound.task;
}

/// Whether it is not, as far as they show.
bool surely_not_below(const BlockHeader& header, const Pair& bound) {
  if (header.first_k0 != bound.k0) return header.first_k0 > bound.k0;
  if (header.first_k1 != bound.k1) return header.first_k1 > bound.k1;
  if (bound.klen > kPrefixBytes) return false;
  if (header.first_klen != bound.klen) return header.first_klen > bound.klen;
  return header.first_task >= bound.task;
}

}  // namespace

std::size_t RunCursor::memory_bytes(std::size_t block_bytes, bool has_zstd) {
  return whole_pages(buffer_bytes(block_bytes, has_zstd));
}

Result<std::unique_ptr<RunCursor>> RunCursor::open(MemoryBudget& budget, PagePool& pool,
                                                   std::span<const Run> segments,
                                                   std::uint32_t partition, KeyRange range,
                                                   const std::optional<RunPlace>& behind) {
  const Run& first = segments.front();
  MRUN_TRY_ASSIGN(PagePool::Lease lease,
                  pool.take(buffer_bytes(first.block_bytes(), first.has_zstd())));
  return std::unique_ptr<RunCursor>(
      new RunCursor(budget, segments, partition, std::move(range), std::move(lease), behind));
}

RunCursor::RunCursor(MemoryBudget& budget, std::span<const Run> segments, std::uint32_t partition,
                     KeyRange range, PagePool::Lease lease, const std::optional<RunPlace>& behind)
    : budget_(&budget),
      segments_(segments),
      partition_(partition),
      range_(std::move(range)),
      low_(key_view(range_.low, range_.low_task)),
      high_(key_view(range_.high, range_.high_task)),
      lease_(std::move(lease)),
      above_low_(!range_.has_low) {
  choose_segment();
  start_from_index();
  if (behind &&
      (behind->segment > &run() || (behind->segment == &run() && behind->block > next_block_))) {
    segments_ = segments_.subspan(static_cast<std::size_t>(behind->segment - &run()));
    next_offset_ = behind->offset;
    next_block_ = behind->block;
  }
  dropped_ = next_offset_;
}

/// The first segment that may hold what is wanted: the one before those that begin above it.
void RunCursor::choose_segment() {
  const auto after =
      std::partition_point(segments_.begin() + 1, segments_.end(), [this](const Run& segment) {
        return !segment.index().empty() && starts_below(segment.index().front());
      });
  segments_ = segments_.subspan(static_cast<std::size_t>(after - segments_.begin()) - 1);
}

/// False where the segment at hand is the last, or the last of the partition.
bool RunCursor::enter_next_segment() {
  if (segments_.size() == 1) return false;
  const std::span<const BlockHeader> index = segments_[1].index();
  if (!index.empty() && index.front().partition > partition_) return false;
  drop_behind(true);
  segments_ = segments_.subspan(1);
  next_offset_ = dropped_ = kRunHeaderBytes;
  next_block_ = advised_ = window_begin_ = window_end_ = 0;
  header_known_ = false;
  return true;
}

/// Whether no pair of the blocks before this one can be wanted: they end where it begins.
bool RunCursor::starts_below(const BlockHeader& header) const {
  return header.partition < partition_ ||
         (header.partition == partition_ && range_.has_low && surely_below(header, low_));
}

void RunCursor::start_from_index() {
  const std::span<const BlockHeader> index = run().index();
  if (index.empty()) {
    next_offset_ = kRunHeaderBytes;
    return;
  }
  const auto after =
      std::partition_point(index.begin(), index.end(),
                           [this](const BlockHeader& header) { return starts_below(header); });
  std::size_t entry = static_cast<std::size_t>(after - index.begin());
  // The block before it may end with what is wanted, unless it surely holds another partition
  // alone.
  const bool others_before =
      entry == 0 || (run().footer().index_stride == 1 && index[entry - 1].partition < partition_);
  if (!others_before) --entry;
  if (entry == index.size()) {
    next_offset_ = run().footer().index_offset;
    next_block_ = run().footer().block_count;
    return;
  }
  next_offset_ = index[entry].offset;
  next_block_ = entry * run().footer().index_stride;
}

Result<std::span<const Pair>> RunCursor::next() {
  while (!done_) {
    if (block_left_ == 0) {
      MRUN_TRY_ASSIGN(const bool found, load_block());
      if (!found) break;
    }
    const std::span<Pair> batch(memory_.as<Pair>(), kCursorBatchPairs);
    const auto count = decode_pairs(at_, end_, batch);
    if (!count || *count == 0 || *count > block_left_)
      return corrupt(block_offset_, "a block's pairs do not fit it");
    block_left_ -= static_cast<std::uint32_t>(*count);
    if (block_left_ == 0 && at_ != end_)
      return corrupt(block_offset_, "a block holds more than its pairs");
    const std::span<const Pair> wanted = within_range(batch.first(*count));
    if (wanted.empty()) continue;
    delivered_ += wanted.size();
    return wanted;
  }
  done_ = true;
  return std::span<const Pair>();
}

std::span<const Pair> RunCursor::within_range(std::span<const Pair> pairs) {
  if (!above_low_) {
    const auto first = std::lower_bound(pairs.begin(), pairs.end(), low_, is_before);
    pairs = pairs.subspan(static_cast<std::size_t>(first - pairs.begin()));
    if (pairs.empty()) return pairs;
    above_low_ = true;
  }
  if (range_.has_high && !is_before(pairs.back(), high_)) {
    const auto last = std::lower_bound(pairs.begin(), pairs.end(), high_, is_before);
    pairs = pairs.first(static_cast<std::size_t>(last - pairs.begin()));
    done_ = true;
  }
  return pairs;
}

/// Makes the next block of the partition the one to deliver; false where there is none.
Result<bool> RunCursor::load_block() {
  if (oversized_) oversized_ = PageBuffer();
  for (;;) {
    MRUN_TRY_ASSIGN(const bool any, need_header());
    if (!any && enter_next_segment()) continue;
    if (!any || header_.partition > partition_) {
      end_of_partition_ = RunPlace{&run(), next_offset_, next_block_};
      return false;
    }
    if (header_.partition == partition_) {
      if (range_.has_high && surely_not_below(header_, high_)) return false;
      if (above_low_) break;
      // Blocks that the index does not list may still lie below the range: the next header says so.
      MRUN_TRY_ASSIGN(const bool needed, needed_for_low());
      if (needed) break;
    }
    step_over();
    dropped_ = next_offset_;  // Others read what lies before the first block that is wanted.
  }
  MRUN_TRY(read_block());
  return true;
}

/// Reads the next block's header if it is not there yet; false at the run's end.
Result<bool> RunCursor::need_header() {
  if (header_known_) return true;
  if (next_offset_ == run().footer().index_offset) {
    if (next_block_ != run().footer().block_count)
      return corrupt(next_offset_, "blocks are missing");
    return false;
  }
  MRUN_TRY_ASSIGN(const auto bytes, header_bytes(next_offset_));
  MRUN_TRY(accept_header(bytes));
  return true;
}

/// The bytes of the header at `offset`, from the run's begin, until a block is read.
Result<std::span<const std::byte, kBlockHeaderBytes>> RunCursor::header_bytes(
    std::uint64_t offset) {
  std::byte* const window = memory_.data() + kPairsBytes;  // Where a stored block is read to.
  if (offset < window_begin_ || offset + kBlockHeaderBytes > window_end_) {
    // An index follows the blocks, so a header's bytes are there to be read.
    const std::uint64_t end =
        std::max(std::min(offset + kHeaderWindowBytes, run().footer().index_offset),
                 offset + kBlockHeaderBytes);
    MRUN_TRY(run().file().read_at({window, static_cast<std::size_t>(end - offset)},
                                  run().begin() + offset));
    window_begin_ = offset;
    window_end_ = end;
  }
  return std::span<const std::byte, kBlockHeaderBytes>(window + (offset - window_begin_),
                                                       kBlockHeaderBytes);
}

Result<void> RunCursor::accept_header(std::span<const std::byte, kBlockHeaderBytes> bytes) {
  const auto header = decode_block_header(bytes);
  if (!header) return corrupt(next_offset_, "the checksum of a block's header does not hold");
  const RunFooter& footer = run().footer();
  const bool listed = next_block_ % footer.index_stride == 0;
  const bool sound =
      header->offset == next_offset_ && next_block_ < footer.block_count &&
      header->stored_bytes <= footer.index_offset - next_offset_ - kBlockHeaderBytes &&
      header->pair_count != 0 && header->raw_bytes <= footer.block_bytes_largest &&
      (header->raw_bytes <= footer.block_bytes || header->codec == BlockCodec::raw) &&
      (header->codec == BlockCodec::raw
           ? header->stored_bytes == header->raw_bytes
           : (header->codec == BlockCodec::lz4 ||
              (header->codec == BlockCodec::zstd && run().has_zstd())) &&
                 header->stored_bytes <= footer.block_bytes) &&
      (!listed || run().index()[next_block_ / footer.index_stride] == *header);
  if (!sound) return corrupt(next_offset_, "a block's header contradicts the index");
  header_ = *header;
  header_known_ = true;
  return {};
}

void RunCursor::step_over() {
  next_offset_ = header_.end();
  ++next_block_;
  header_known_ = false;
}

/// Whether the block at hand may hold a pair at or above the low bound. Where it does not, the
/// header after it is the one at hand when `step_over` has been called.
Result<bool> RunCursor::needed_for_low() {
  const RunFooter& footer = run().footer();
  if (footer.index_stride == 1 || next_block_ % footer.index_stride == footer.index_stride - 1 ||
      header_.end() == footer.index_offset)
    return true;
  MRUN_TRY_ASSIGN(const auto bytes, header_bytes(header_.end()));
  const auto after = decode_block_header(bytes);
  if (!after) return corrupt(header_.end(), "the checksum of a block's header does not hold");
  return !starts_below(*after);
}

void RunCursor::read_ahead() {
  if (advised_ > next_offset_ + kReadAheadBytes / 2) return;
  const std::uint64_t end = run().footer().index_offset;
  const std::uint64_t from = std::max(advised_, next_offset_);
  const std::uint64_t to = std::min(end, next_offset_ + kReadAheadBytes);
  if (from < to) run().file().start_reading(run().begin() + from, to - from);
  advised_ = next_offset_ + kReadAheadBytes;
}

/// A last merge reads each byte once, but for blocks at borders, and several merges read no more:
/// so what lies behind need not push out what others have in the cache. The run's header goes with
/// its first block, its index with the last.
void RunCursor::drop_behind(bool at_end) {
  if (next_offset_ < dropped_ + (at_end ? 1 : kDropBytes)) return;
  const std::uint64_t begin = run().begin() + (dropped_ == kRunHeaderBytes ? 0 : dropped_);
  const bool are_all_read = next_offset_ == run().footer().index_offset;
  const std::uint64_t end = are_all_read ? run().end() : run().begin() + next_offset_;
  run().file().drop_cached(begin, end - begin);
  dropped_ = next_offset_;
}

RunCursor::~RunCursor() { drop_behind(true); }

Result<void> RunCursor::read_block() {
  if (reads_on_) read_ahead();
  reads_on_ = true;
  const BlockHeader header = header_;
  window_begin_ = window_end_ = 0;
  const RunFooter& footer = run().footer();
  MRUN_TRY_ASSIGN(std::byte* const raw, raw_room(header.raw_bytes));
  std::byte* const stored = header.codec == BlockCodec::raw ? raw : memory_.data() + kPairsBytes;
  step_over();
  // An index or another block follows every block, so a header's bytes are there to be read.
  MRUN_TRY(run().file().read_at({stored, header.stored_bytes + kBlockHeaderBytes},
                                run().begin() + header.offset + kBlockHeaderBytes));
  const std::span<const std::byte> bytes(stored, header.stored_bytes);
  if (block_checksum(bytes) != header.checksum)
    return corrupt(header.offset, "the checksum of a block does not hold");
  if (next_offset_ != footer.index_offset)
    MRUN_TRY(accept_header(std::span<const std::byte, kBlockHeaderBytes>(
        stored + header.stored_bytes, kBlockHeaderBytes)));
  if (header.codec != BlockCodec::raw && !unpack(header.codec, bytes, {raw, header.raw_bytes}))
    return corrupt(header.offset, "a block cannot be decompressed");
  drop_behind(false);
  block_offset_ = header.offset;
  block_left_ = header.pair_count;
  at_ = reinterpret_cast<const std::uint8_t*>(raw);
  end_ = at_ + header.raw_bytes;
  return {};
}

bool RunCursor::unpack(BlockCodec codec, std::span<const std::byte> stored,
                       std::span<std::byte> raw) const {
  if (codec == BlockCodec::lz4) return lz4_decompress(stored, raw);
  const std::size_t work = work_offset(run().block_bytes());
  return zstd_decompress(stored, raw, {memory_.data() + work, memory_.size() - work});
}

/// Where `raw_bytes` and the slack find room.
Result<std::byte*> RunCursor::raw_room(std::uint64_t raw_bytes) {
  const std::size_t block_bytes = run().block_bytes();
  if (raw_bytes <= block_bytes)
    return memory_.data() + kPairsBytes + block_bytes + kBlockSlackBytes;
  auto room = PageBuffer::allocate(*budget_, raw_bytes + kBlockSlackBytes);
  if (!room)
    return fail(Code::limit,
                fmt::format("a pair in '{}' needs {} of memory to be merged, and {} are free",
                            run().file().name(), size_text(raw_bytes + kBlockSlackBytes),
                            size_text(budget_->free_bytes())),
                fmt::format("give {} more with --memory", size_text(raw_bytes + kBlockSlackBytes)));
  oversized_ = *std::move(room);
  return oversized_.data();
}

Failure RunCursor::corrupt(std::uint64_t offset, const char* why) const {
  return damaged_run(run().file(), run().begin() + offset, why);
}

}  // namespace mrun
