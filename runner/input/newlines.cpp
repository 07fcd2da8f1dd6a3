// Counts and lists line ends with vectors and words that any 64-bit machine has.
#include "input/newlines.hpp"

#include <bit>
#include <cstring>

namespace mrun {
namespace {

constexpr std::size_t kBlockBytes = 64;
using Vector = std::uint8_t __attribute__((vector_size(16)));

Vector load(const std::uint8_t* from) {
  Vector vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}

/// Bit i: whether from[i] is LF. After "exact zero byte" in Hacker's Delight, 6-1: the sum cannot
/// carry from one byte into the next, so no byte is mistaken.
std::uint64_t newline_bits(const std::uint8_t* from) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t kLow7 = 0x7f7f7f7f7f7f7f7f;
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < kBlockBytes / 8; ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, from + i * 8, 8);
    word ^= 0x0a0a0a0a0a0a0a0a;
    const std::uint64_t zero_bytes = ~(((word & kLow7) + kLow7) | word | kLow7);
    // Gathers the top bit of each byte into the top byte.
    bits |= ((zero_bytes >> 7) * 0x0102040810204080 >> 56) << (i * 8);
  }
  return bits;
}

}  // namespace

std::uint64_t count_newlines(const std::uint8_t* data, std::size_t size_bytes) {
  std::uint64_t count = 0;
  std::size_t at = 0;
  while (size_bytes - at >= sizeof(Vector)) {
    // A lane counts up to 255 before it would overflow.
    Vector lanes{};
    const std::size_t vectors = std::min<std::size_t>(255, (size_bytes - at) / sizeof(Vector));
    for (std::size_t i = 0; i < vectors; ++i, at += sizeof(Vector))
      lanes -= static_cast<Vector>(load(data + at) == '\n');
    for (std::size_t i = 0; i < sizeof(Vector); ++i) count += lanes[i];
  }
  for (; at < size_bytes; ++at) count += data[at] == '\n' ? 1 : 0;
  return count;
}

CutLines cut_lines(const std::uint8_t* data, std::size_t size_bytes, std::uint64_t offset,
                   std::span<Slice> records, std::span<std::uint64_t> offsets) {
  std::size_t lines = 0;
  std::size_t begin = 0;  // Of the line that is being looked for.
  for (std::size_t block = 0; block < size_bytes; block += kBlockBytes) {
    std::uint64_t bits = newline_bits(data + block);
    if (size_bytes - block < kBlockBytes) bits &= (std::uint64_t{1} << (size_bytes - block)) - 1;
    for (; bits != 0; bits &= bits - 1) {
      if (lines == records.size()) return {lines, begin};
      const std::size_t end = block + static_cast<std::size_t>(std::countr_zero(bits));
      records[lines] = {data + begin, end - begin};
      offsets[lines++] = offset + begin;
      begin = end + 1;
    }
  }
  if (begin < size_bytes && lines < records.size()) {
    records[lines] = {data + begin, size_bytes - begin};
    offsets[lines++] = offset + begin;
    begin = size_bytes;
  }
  return {lines, begin};
}

}  // namespace mrun
