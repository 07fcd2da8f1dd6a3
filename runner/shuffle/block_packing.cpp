#include "shuffle/block_packing.hpp"

#include <cstring>

#include "base/check.hpp"
#include "codec/block_codec.hpp"

namespace mrun {
namespace {

constexpr std::uint64_t kSamplePeriodBlocks = 64;
constexpr std::uint64_t kSampleBlocks = 2;

/// Compression is kept only where it saves a tenth: less is not worth the time to undo it.
constexpr std::uint64_t worthwhile(std::uint64_t raw_bytes) {
  return raw_bytes - (raw_bytes + 9) / 10;
}

}  // namespace

std::size_t BlockPacker::work_bytes(SpillCompression compression, std::size_t block_bytes) {
  return compression == SpillCompression::zstd ? zstd_compress_work_bytes(block_bytes) : 0;
}

std::size_t BlockPacker::compress(std::span<const std::byte> raw, std::span<std::byte> out) const {
  return packing_.compression == SpillCompression::zstd ? zstd_compress(raw, out, work_)
                                                        : lz4_compress(raw, out);
}

/// Whether the sample says that other blocks should be packed, too.
bool BlockPacker::pays() const {
  if (sampled_stored_ > worthwhile(sampled_raw_)) return false;
  if (packing_.compression != SpillCompression::automatic) return true;
  MRUN_CHECK(packing_.disk != nullptr);
  return packing_pays(sampled_raw_ - sampled_stored_, sampled_seconds_,
                      packing_.disk->seconds_a_byte(), packing_.packs_by_forecast);
}

void BlockPacker::tally(std::size_t raw_bytes, bool is_packed) const {
  if (packing_.tally == nullptr) return;
  packing_.tally->raw_bytes.fetch_add(raw_bytes, std::memory_order_relaxed);
  if (is_packed) packing_.tally->packed_bytes.fetch_add(raw_bytes, std::memory_order_relaxed);
}

bool BlockPacker::may_pack_next() const {
  if (packing_.compression == SpillCompression::none) return false;
  return blocks_ % kSamplePeriodBlocks < kSampleBlocks || pays();
}

void BlockPacker::keep(std::size_t raw_bytes) {
  ++blocks_;
  tally(raw_bytes, false);
}

BlockPacker::Packed BlockPacker::pack(std::span<const std::byte> raw, std::span<std::byte> place) {
  const std::uint64_t turn = blocks_++ % kSamplePeriodBlocks;
  if (turn == 0) {
    sampled_raw_ = sampled_stored_ = 0;
    sampled_seconds_ = 0;
  }
  std::size_t stored = 0;
  if (packing_.compression == SpillCompression::none) {
  } else if (turn < kSampleBlocks) {
    const double begin = packing_.cpu_seconds();
    stored = compress(raw, place.first(worthwhile(raw.size())));
    sampled_seconds_ += packing_.cpu_seconds() - begin;
    sampled_raw_ += raw.size();
    sampled_stored_ += stored != 0 ? stored : raw.size();
    if (!pays()) stored = 0;
  } else if (pays()) {
    stored = compress(raw, place.first(worthwhile(raw.size())));
  }
  tally(raw.size(), stored != 0);
  if (stored == 0) {
    std::memcpy(place.data(), raw.data(), raw.size());
    return {BlockCodec::raw, raw.size()};
  }
  return {packing_.compression == SpillCompression::zstd ? BlockCodec::zstd : BlockCodec::lz4,
          stored};
}

}  // namespace mrun
