// With vectors and words that any 64-bit machine has.
#include "input/delimiters.hpp"

#include <algorithm>
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

/// Bit i: whether from[i] is `byte`. After "exact zero byte" in Hacker's Delight, 6-1: the sum
/// cannot carry from one byte into the next, so no byte is mistaken.
std::uint64_t equal_bits(const std::uint8_t* from, std::uint8_t byte) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t kLow7 = 0x7f7f7f7f7f7f7f7f;
  const std::uint64_t wanted = 0x0101010101010101 * byte;
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < kBlockBytes / 8; ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, from + i * 8, 8);
    word ^= wanted;
    const std::uint64_t zero_bytes = ~(((word & kLow7) + kLow7) | word | kLow7);
    // Gathers the top bit of each byte into the top byte.
    bits |= ((zero_bytes >> 7) * 0x0102040810204080 >> 56) << (i * 8);
  }
  return bits;
}

/// Bit i: whether an odd number of the bits 0..i is set.
std::uint64_t odd_up_to(std::uint64_t bits) {
  for (unsigned step = 1; step < 64; step *= 2) bits ^= bits << step;
  return bits;
}

/// The delimiters of a text, block by block.
class Blocks {
 public:
  Blocks(const std::uint8_t* data, std::size_t size_bytes, Delimiter delimiter, bool in_quotes)
      : data_(data),
        size_(size_bytes),
        delimiter_(delimiter),
        quoted_(in_quotes ? ~std::uint64_t{0} : 0) {}

  bool at_end() const { return begin_ >= size_; }
  std::size_t begin() const { return begin_; }  ///< Of the next block.
  bool in_quotes() const { return quoted_ != 0; }

  /// The next block's delimiters. Reads up to 63 bytes beyond the text's end where `padded`.
  std::uint64_t next(bool padded) {
    const std::size_t left = size_ - begin_;
    const std::uint64_t inside =
        left < kBlockBytes ? (std::uint64_t{1} << left) - 1 : ~std::uint64_t{0};
    const std::uint8_t* from = data_ + begin_;
    std::uint8_t copy[kBlockBytes] = {};
    if (left < kBlockBytes && !padded) {
      std::memcpy(copy, from, left);
      from = copy;
    }
    begin_ += kBlockBytes;
    std::uint64_t bits = equal_bits(from, delimiter_.byte) & inside;
    if (delimiter_.quoted) {
      const std::uint64_t quoted = odd_up_to(equal_bits(from, '"') & inside) ^ quoted_;
      bits &= ~quoted;
      quoted_ = (quoted >> 63) != 0 ? ~std::uint64_t{0} : 0;
    }
    return bits;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  Delimiter delimiter_;
  std::size_t begin_ = 0;
  std::uint64_t quoted_;  // All ones where the next block begins between quotes.
};

std::uint64_t count_bytes(const std::uint8_t* data, std::size_t size_bytes, std::uint8_t byte) {
  std::uint64_t count = 0;
  std::size_t at = 0;
  while (size_bytes - at >= sizeof(Vector)) {
    // A lane counts up to 255 before it would overflow.
    Vector lanes{};
    const std::size_t vectors = std::min<std::size_t>(255, (size_bytes - at) / sizeof(Vector));
    for (std::size_t i = 0; i < vectors; ++i, at += sizeof(Vector))
      lanes -= static_cast<Vector>(load(data + at) == byte);
    for (std::size_t i = 0; i < sizeof(Vector); ++i) count += lanes[i];
  }
  for (; at < size_bytes; ++at) count += data[at] == byte ? 1 : 0;
  return count;
}

}  // namespace

RecordCount count_records(const std::uint8_t* data, std::size_t size_bytes, Delimiter delimiter,
                          RecordCount before) {
  if (!delimiter.quoted)
    return {before.records + count_bytes(data, size_bytes, delimiter.byte), false};
  Blocks blocks(data, size_bytes, delimiter, before.in_quotes);
  RecordCount count = before;
  while (!blocks.at_end())
    count.records += static_cast<std::uint64_t>(std::popcount(blocks.next(false)));
  count.in_quotes = blocks.in_quotes();
  return count;
}

std::optional<std::size_t> first_end(const std::uint8_t* data, std::size_t size_bytes,
                                     std::size_t after, Delimiter delimiter, bool in_quotes) {
  if (after >= size_bytes) return std::nullopt;
  if (!delimiter.quoted) {
    const void* const found = std::memchr(data + after, delimiter.byte, size_bytes - after);
    if (found == nullptr) return std::nullopt;
    return static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - data) + 1;
  }
  Blocks blocks(data, size_bytes, delimiter, in_quotes);
  while (!blocks.at_end()) {
    const std::size_t begin = blocks.begin();
    std::uint64_t bits = blocks.next(false);
    if (begin + kBlockBytes <= after) continue;
    if (after > begin) bits &= ~std::uint64_t{0} << (after - begin);
    if (bits != 0) return begin + static_cast<std::size_t>(std::countr_zero(bits)) + 1;
  }
  return std::nullopt;
}

std::optional<std::size_t> last_end(const std::uint8_t* data, std::size_t size_bytes,
                                    Delimiter delimiter, bool in_quotes) {
  if (!delimiter.quoted) {
    const void* const found = ::memrchr(data, delimiter.byte, size_bytes);
    if (found == nullptr) return std::nullopt;
    return static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - data) + 1;
  }
  // Which quotes are odd is known from the front only.
  Blocks blocks(data, size_bytes, delimiter, in_quotes);
  std::optional<std::size_t> end;
  while (!blocks.at_end()) {
    const std::size_t begin = blocks.begin();
    const std::uint64_t bits = blocks.next(false);
    if (bits != 0) end = begin + static_cast<std::size_t>(63 - std::countl_zero(bits)) + 1;
  }
  return end;
}

CutRecords cut_records(const std::uint8_t* data, std::size_t size_bytes, std::uint64_t offset,
                       Delimiter delimiter, std::span<Slice> records,
                       std::span<std::uint64_t> offsets) {
  CutRecords cut;
  std::size_t begin = 0;  // Of the record that is being looked for.
  const auto take = [&](std::size_t end) {
    records[cut.records] = {data + begin, end - begin};
    offsets[cut.records++] = offset + begin;
  };
  Blocks blocks(data, size_bytes, delimiter, false);
  while (!blocks.at_end()) {
    const std::size_t block = blocks.begin();
    for (std::uint64_t bits = blocks.next(true); bits != 0; bits &= bits - 1) {
      if (cut.records == records.size()) {
        cut.consumed_bytes = begin;
        return cut;
      }
      const std::size_t end = block + static_cast<std::size_t>(std::countr_zero(bits));
      take(end);
      begin = end + 1;
    }
  }
  if (begin < size_bytes && cut.records < records.size()) {
    take(size_bytes);
    begin = size_bytes;
    cut.in_quotes = blocks.in_quotes();
  }
  cut.consumed_bytes = begin;
  return cut;
}

}  // namespace mrun
