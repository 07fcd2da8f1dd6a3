// Writes the blocks, the index and the footer of a sorted run.
#include "shuffle/run_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/check.hpp"
#include "base/size_text.hpp"
#include "os/machine.hpp"

namespace mrun {
namespace {

/// Blocks are gathered to writes of at least this many bytes: a call and a seek each cost little
/// then.
constexpr std::size_t kWriteBytes = std::size_t{256} << 10;
/// The system is asked to write back in steps of this many bytes.
constexpr std::uint64_t kWritebackBytes = std::uint64_t{1} << 20;
constexpr std::size_t kIndexEntriesFirst = 8;

/// Keys are written 16 bytes at a time.
constexpr std::size_t kRawSlackBytes = 64;
static_assert(kRawSlackBytes >= kPairHeadBytesMax + kPrefixBytes);
static_assert(kWriteBytes >= kChecksumPieceBytes);
// So the whole index and the footer are gathered into one write.
static_assert(kIndexEntriesMax * kBlockHeaderBytes + kRunFooterBytes <=
              kWriteBytes + kBlockBytesMin);

constexpr std::size_t out_bytes(std::size_t block_bytes) {
  return kWriteBytes + kBlockHeaderBytes + block_bytes + kRawSlackBytes;
}

constexpr std::size_t work_offset(std::size_t block_bytes) {
  return (block_bytes + kRawSlackBytes + out_bytes(block_bytes) + 63) / 64 * 64;
}

std::size_t buffer_bytes(std::size_t block_bytes, SpillCompression compression) {
  return work_offset(block_bytes) + BlockPacker::work_bytes(compression, block_bytes);
}

BlockHeader header_of_first(std::uint32_t partition, const Pair& first) {
  BlockHeader header;
  header.partition = partition;
  header.first_k0 = first.k0;
  header.first_k1 = first.k1;
  header.first_klen = first.klen;
  header.first_task = first.task;
  return header;
}

}  // namespace

std::size_t RunWriter::memory_bytes(std::size_t block_bytes, SpillCompression compression) {
  return whole_pages(buffer_bytes(block_bytes, compression)) +
         kIndexEntriesFirst * sizeof(BlockHeader);
}

std::size_t RunWriter::index_bytes_wanted() { return Run::index_charge(kIndexEntriesFirst); }

Result<RunWriter> RunWriter::create(MemoryBudget& budget, StorageFile& file, std::uint64_t offset,
                                    std::size_t block_bytes, MemoryBudget& index_budget,
                                    const SpillPacking& packing) {
  MRUN_CHECK(block_bytes >= kBlockBytesMin && block_bytes <= kBlockBytesMax);
  MRUN_TRY_ASSIGN(PageBuffer memory,
                  PageBuffer::allocate(budget, buffer_bytes(block_bytes, packing.compression)));
  RunWriter writer(index_budget, file, offset, block_bytes, std::move(memory), packing);
  if (!writer.set_index_capacity(kIndexEntriesFirst)) writer.set_index_capacity(1);
  return writer;
}

RunWriter::RunWriter(MemoryBudget& index_budget, StorageFile& file, std::uint64_t offset,
                     std::size_t block_bytes, PageBuffer memory, const SpillPacking& packing)
    : index_budget_(&index_budget),
      file_(&file),
      begin_(offset),
      block_bytes_(block_bytes),
      memory_(std::move(memory)),
      packer_(packing, {memory_.data() + work_offset(block_bytes),
                        memory_.size() - work_offset(block_bytes)}),
      out_used_(kRunHeaderBytes) {
  footer_.block_bytes = block_bytes;
  footer_.has_zstd = packing.compression == SpillCompression::zstd ? 1 : 0;
  encode_run_header(out().first<kRunHeaderBytes>());
}

std::span<std::byte> RunWriter::out() const {
  return {memory_.data() + block_bytes_ + kRawSlackBytes, out_bytes(block_bytes_)};
}

Result<void> RunWriter::add(std::uint32_t partition, std::span<const Pair> pairs) {
  if (pairs.empty()) return {};
  const Pair& front = pairs.front();
  if (footer_.pair_count != 0) {
    // A run out of order would make every later merge silently wrong.
    MRUN_CHECK(partition >= partition_);
    MRUN_CHECK(partition > partition_ || last_k0_ < front.k0 ||
               (last_k0_ == front.k0 && last_k1_ <= front.k1));
    if (partition != partition_) MRUN_TRY(seal_block());
  }
  partition_ = partition;

  for (const Pair& pair : pairs) {
    const std::size_t bytes = encoded_pair_bytes(pair);
    if (raw_used_ + bytes > block_bytes_) {
      MRUN_TRY(seal_block());
      if (bytes > block_bytes_) {
        MRUN_TRY(write_oversized(pair, bytes));
        continue;
      }
    }
    if (raw_used_ == 0) open_block(partition, pair);
    append(pair);
  }
  footer_.pair_count += pairs.size();
  last_k0_ = pairs.back().k0;
  last_k1_ = pairs.back().k1;
  return {};
}

void RunWriter::open_block(std::uint32_t partition, const Pair& first) {
  block_ = header_of_first(partition, first);
  raw_ = packer_.may_pack_next() ? memory_.data() : out().data() + out_used_ + kBlockHeaderBytes;
}

void RunWriter::append(const Pair& pair) {
  auto* const raw = reinterpret_cast<std::uint8_t*>(raw_);
  std::uint8_t* key = encode_pair_head(pair, raw + raw_used_);
  copy_key(pair, key);
  std::uint8_t* value = key + pair.klen;
  if (pair.vlen != 0) std::memcpy(value, pair.value, pair.vlen);
  raw_used_ = static_cast<std::size_t>(value + pair.vlen - raw);
  ++block_.pair_count;
}

Result<void> RunWriter::seal_block() {
  if (raw_used_ == 0) return {};
  block_.raw_bytes = std::exchange(raw_used_, 0);
  const std::span<std::byte> place = out().subspan(out_used_);
  const std::span<std::byte> stored = place.subspan(kBlockHeaderBytes);
  if (raw_ == stored.data()) {
    packer_.keep(block_.raw_bytes);
    block_.codec = BlockCodec::raw;
    block_.stored_bytes = block_.raw_bytes;
  } else {
    const BlockPacker::Packed packed = packer_.pack({raw_, block_.raw_bytes}, stored);
    block_.codec = packed.codec;
    block_.stored_bytes = packed.stored_bytes;
  }
  block_.offset = written_ + out_used_;
  block_.checksum = block_checksum(stored.first(block_.stored_bytes));
  encode_block_header(block_, place.first<kBlockHeaderBytes>());
  out_used_ += kBlockHeaderBytes + block_.stored_bytes;
  remember(block_);
  return out_used_ >= kWriteBytes ? flush() : Result<void>();
}

Result<void> RunWriter::write_oversized(const Pair& pair, std::size_t bytes) {
  MRUN_TRY(flush());
  BlockHeader header = header_of_first(partition_, pair);
  header.offset = written_;
  header.raw_bytes = header.stored_bytes = bytes;
  header.pair_count = 1;
  written_ += kBlockHeaderBytes;

  // The bytes pass through the write buffer in pieces; the header, which holds their checksum, is
  // written last, into the gap before them.
  BlockChecksum checksum;
  const std::span<std::byte> piece = out().first(kChecksumPieceBytes);
  const auto pass = [&](std::span<const std::byte> part) -> Result<void> {
    while (!part.empty()) {
      const std::size_t count = std::min(part.size(), piece.size() - out_used_);
      std::memcpy(piece.data() + out_used_, part.data(), count);
      out_used_ += count;
      part = part.subspan(count);
      if (out_used_ < piece.size()) break;
      checksum.add(piece);
      MRUN_TRY(flush());
    }
    return {};
  };

  std::array<std::uint8_t, kPairHeadBytesMax + kPrefixBytes> head;
  std::uint8_t* const key = encode_pair_head(pair, head.data());
  store_big_endian(key, pair.k0);
  store_big_endian(key + 8, pair.k1);
  const std::size_t prefix = std::min(pair.klen, kPrefixBytes);
  MRUN_TRY(pass(std::as_bytes(std::span(head.data(), key + prefix))));
  MRUN_TRY(pass(std::as_bytes(std::span(pair.tail, pair.klen - prefix))));
  MRUN_TRY(pass(std::as_bytes(std::span(pair.value, pair.vlen))));
  if (out_used_ != 0) checksum.add(piece.first(out_used_));
  MRUN_TRY(flush());

  header.checksum = checksum.value();
  std::array<std::byte, kBlockHeaderBytes> encoded;
  encode_block_header(header, encoded);
  MRUN_TRY(file_->write_at(encoded, begin_ + header.offset));
  remember(header);
  return {};
}

void RunWriter::remember(const BlockHeader& header) {
  const std::uint64_t ordinal = footer_.block_count++;
  footer_.raw_bytes += header.raw_bytes;
  footer_.block_bytes_largest = std::max(footer_.block_bytes_largest, header.raw_bytes);
  if (ordinal % footer_.index_stride != 0) return;
  const std::size_t used = index_.size();
  if (used == index_.capacity() &&
      !(used < kIndexEntriesMax && set_index_capacity(std::min(2 * used, kIndexEntriesMax)))) {
    // Full, or no memory for more: every other block is forgotten.
    footer_.index_stride *= 2;
    for (std::size_t i = 1; 2 * i < used; ++i) index_[i] = index_[2 * i];
    index_.resize((used + 1) / 2);
    if (ordinal % footer_.index_stride != 0) return;
  }
  index_.push_back(header);
}

bool RunWriter::set_index_capacity(std::size_t entries) {
  Charge charge;
  if (!charge.try_add(*index_budget_, Run::index_charge(entries))) return false;
  std::vector<BlockHeader> larger;
  larger.reserve(entries);
  larger.assign(index_.begin(), index_.end());
  index_ = std::move(larger);
  index_charge_ = std::move(charge);
  return true;
}

Result<void> RunWriter::flush() {
  if (out_used_ == 0) return {};
  MRUN_TRY(file_->write_at(out().first(out_used_), begin_ + written_));
  written_ += std::exchange(out_used_, 0);
  if (written_ - writeback_ >= kWritebackBytes) {
    file_->start_writeback(begin_ + writeback_, written_ - writeback_);
    writeback_ = written_;
  }
  return {};
}

Result<Run> RunWriter::finish() {
  MRUN_TRY(seal_block());
  MRUN_TRY(flush());
  const std::span<std::byte> place = out();
  for (const BlockHeader& header : index_) {
    encode_block_header(header, place.subspan(out_used_).first<kBlockHeaderBytes>());
    out_used_ += kBlockHeaderBytes;
  }
  footer_.index_offset = written_;
  footer_.index_entries = index_.size();
  footer_.index_checksum = block_checksum(place.first(out_used_));
  encode_run_footer(footer_, place.subspan(out_used_).first<kRunFooterBytes>());
  out_used_ += kRunFooterBytes;
  MRUN_TRY(flush());

  // The run lives on for long: it keeps no more than it needs, unless memory is too short to copy.
  set_index_capacity(index_.size());
  Run run(*file_, begin_, begin_ + written_);
  run.footer_ = footer_;
  run.index_ = std::move(index_);
  run.charge_ = std::move(index_charge_);
  return run;
}

}  // namespace mrun
