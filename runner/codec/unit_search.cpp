// Magic numbers, and what stands beside them so that chance seldom makes one.
#include "codec/unit_search.hpp"

#include <lzma.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cstring>

#include "codec/bzip2_bits.hpp"

namespace mrun {
namespace {

using Bytes = std::span<const std::uint8_t>;

std::uint32_t little_endian(Bytes bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | bytes[at + i];
  return value;
}

// RFC 1952: deflate, no reserved flags, an extra-flags byte and a system that exist.
bool is_gzip_member(Bytes at) {
  return at.size() >= 18 && at[1] == 0x8b && at[2] == 8 && (at[3] & 0xe0) == 0 &&
         (at[8] == 0 || at[8] == 2 || at[8] == 4) && (at[9] <= 13 || at[9] == 255);
}

// RFC 8878: the frame's header, and the first block's.
bool is_zstd_frame(Bytes at) {
  constexpr std::uint32_t kBlockBytesMost = 128 << 10;
  if (at.size() < 5 || little_endian(at, 0, 4) != 0xfd2fb528 || (at[4] & 0x08) != 0) return false;
  const bool has_no_window = (at[4] & 0x20) != 0;
  constexpr std::array<std::size_t, 4> kDictionaryBytes{0, 1, 2, 4}, kSizeBytes{0, 2, 4, 8};
  std::size_t header = 5 + (has_no_window ? 0 : 1) + kDictionaryBytes[at[4] & 3];
  header += std::max<std::size_t>(kSizeBytes[at[4] >> 6], has_no_window ? 1 : 0);
  if (at.size() < header + 3) return false;
  const std::uint32_t block = little_endian(at, header, 3);
  return (block >> 1 & 3) != 3 && (block >> 3) <= kBlockBytesMost;
}

// The frame's header, and the first block's size.
bool is_lz4_frame(Bytes at) {
  if (at.size() < 6 || little_endian(at, 0, 4) != 0x184d2204) return false;
  const unsigned flags = at[4], block_size = at[5] >> 4;
  if ((flags & 0xc2) != 0x40 || (at[5] & 0x8f) != 0 || block_size < 4) return false;
  const std::size_t header =
      7 + ((flags & 0x08) != 0 ? std::size_t{8} : 0) + ((flags & 0x01) != 0 ? std::size_t{4} : 0);
  if (at.size() < header + 4) return false;
  return (little_endian(at, header, 4) & 0x7fffffff) <= std::uint32_t{1} << (8 + 2 * block_size);
}

bool is_xz_block(Bytes at) {
  const std::size_t size = (std::size_t{at[0]} + 1) * 4;
  if (at[0] == 0 || at.size() < size || (at[1] & 0x3c) != 0) return false;
  // The sizes that may stand there are passed over, for the checksum takes its time.
  std::size_t filter = 2;
  for (unsigned sizes = (at[1] >> 6 & 1u) + (at[1] >> 7 & 1u); sizes > 0; --sizes) {
    while (filter + 6 < size && at[filter] >= 0x80) ++filter;
    ++filter;
  }
  if (filter + 5 > size || (at[filter] != 0x21 && (at[filter] < 3 || at[filter] > 0x0b)))
    return false;
  return lzma_crc32(at.data(), size - 4, 0) == little_endian(at, size - 4, 4);
}

bool is_xz_stream(Bytes at) {
  if (at.size() < LZMA_STREAM_HEADER_SIZE) return false;
  lzma_stream_flags flags;
  return lzma_stream_header_decode(&flags, at.data()) == LZMA_OK;
}

template <typename IsUnit>
std::optional<std::uint64_t> find_after(std::uint8_t first, Bytes bytes, std::size_t count,
                                        std::uint64_t offset, const IsUnit& is_unit) {
  const std::uint8_t* at = bytes.data();
  const std::uint8_t* const end = at + count;
  while (at < end) {
    at = static_cast<const std::uint8_t*>(
        std::memchr(at, first, static_cast<std::size_t>(end - at)));
    if (at == nullptr) break;
    const auto place = static_cast<std::size_t>(at - bytes.data());
    if (is_unit(bytes.subspan(place))) return (offset + place) * 8;
    ++at;
  }
  return std::nullopt;
}

// Blocks and streams of xz lie at multiples of four bytes.
std::optional<std::uint64_t> find_xz(Bytes bytes, std::size_t count, std::uint64_t offset) {
  for (std::size_t at = (4 - offset % 4) % 4; at < count; at += 4) {
    const Bytes here = bytes.subspan(at);
    if (here[0] == 0xfd ? is_xz_stream(here) : here.size() >= 8 && is_xz_block(here))
      return (offset + at) * 8;
  }
  return std::nullopt;
}

/// The pairs of bytes that stand behind a block's first byte, for each bit at which it may begin.
std::bitset<65536> second_pairs() {
  std::bitset<65536> pairs;
  for (unsigned shift = 0; shift < 8; ++shift)
    pairs.set(static_cast<std::size_t>(kBzip2BlockMagic >> (24 + shift) & 0xffff));
  return pairs;
}

std::optional<std::uint64_t> find_bzip2(Bytes bytes, std::size_t count, std::uint64_t offset) {
  static const std::bitset<65536> kPairs = second_pairs();
  for (std::size_t at = 0; at < count && at + 6 <= bytes.size(); ++at) {
    if (!kPairs[std::size_t{bytes[at + 1]} << 8 | bytes[at + 2]]) continue;
    for (std::uint64_t bit = at * 8; bit < at * 8 + 8 && bit + 48 <= bytes.size() * 8; ++bit)
      if (bits_at(bytes, bit, 48) == kBzip2BlockMagic) return offset * 8 + bit;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> find_unit(Compression compression, std::span<const std::byte> bytes,
                                       std::size_t count, std::uint64_t offset) {
  const Bytes all(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  count = std::min(count, all.size());
  switch (compression) {
    case Compression::gzip:
      return find_after(0x1f, all, count, offset, is_gzip_member);
    case Compression::zstd:
      return find_after(0x28, all, count, offset, is_zstd_frame);
    case Compression::lz4:
      return find_after(0x04, all, count, offset, is_lz4_frame);
    case Compression::xz:
      return find_xz(all, count, offset);
    case Compression::bzip2:
      return find_bzip2(all, count, offset);
    case Compression::none:
      break;
  }
  return std::nullopt;
}

}  // namespace mrun
