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

/// The positions in a text, below `size`, of which `bits_of(block)` has a bit. Calls `take` with
/// each until it says no; false then. Reads up to 63 bytes beyond the text's end where `padded`.
template <typename BitsOf, typename Take>
bool for_each_bit(const std::uint8_t* data, std::size_t size, bool padded, BitsOf bits_of,
                  Take take) {
  for (std::size_t begin = 0; begin < size; begin += kBlockBytes) {
    const std::size_t left = size - begin;
    const std::uint8_t* from = data + begin;
    std::uint8_t copy[kBlockBytes] = {};
    if (left < kBlockBytes && !padded) {
      std::memcpy(copy, from, left);
      from = copy;
    }
    std::uint64_t bits = bits_of(from);
    if (left < kBlockBytes) bits &= (std::uint64_t{1} << left) - 1;
    for (; bits != 0; bits &= bits - 1)
      if (!take(begin + static_cast<std::size_t>(std::countr_zero(bits)))) return false;
  }
  return true;
}

/// Calls `take` with the position of each newline of CSV that ends a record, until it says no.
/// Returns where the text ends, which after a no means nothing.
template <typename Take>
CsvState scan_csv(const std::uint8_t* data, std::size_t size, Delimiter delimiter, CsvState state,
                  Take take) {
  if (size == 0) return state;
  // A quote that was left open to be judged by the next byte: doubled, or closed.
  const bool doubled = state == CsvState::quote && data[0] == '"';
  bool inside = state == CsvState::quotes || doubled;
  std::size_t skipped = doubled ? 0 : SIZE_MAX;  // The second of two quotes.
  bool is_open = false;                          // The last byte is a quote that may be doubled.
  const auto at_border = [&](std::size_t at) {
    if (at == 0) return state == CsvState::border;
    return data[at - 1] == delimiter.separator || data[at - 1] == delimiter.byte;
  };
  for_each_bit(
      data, size, false,
      [&](const std::uint8_t* block) {
        return equal_bits(block, delimiter.byte) | equal_bits(block, '"');
      },
      [&](std::size_t at) {
        if (at == skipped) return true;
        const bool is_quote = data[at] == '"';
        if (!inside) {
          if (is_quote) inside = at_border(at);
          return is_quote || take(at);
        }
        if (!is_quote) return true;
        if (at + 1 == size) {
          is_open = true;
        } else if (data[at + 1] == '"') {
          skipped = at + 1;
        } else {
          inside = false;
        }
        return true;
      });
  if (is_open) return CsvState::quote;
  if (inside) return CsvState::quotes;
  const std::uint8_t last = data[size - 1];
  return last == delimiter.separator || last == delimiter.byte ? CsvState::border : CsvState::field;
}

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
    return {before.records + count_bytes(data, size_bytes, delimiter.byte), {}};
  RecordCount count = before;
  count.state = scan_csv(data, size_bytes, delimiter, before.state, [&](std::size_t) {
    ++count.records;
    return true;
  });
  return count;
}

std::optional<std::size_t> first_end(const std::uint8_t* data, std::size_t size_bytes,
                                     std::size_t after, Delimiter delimiter, CsvState state) {
  if (after >= size_bytes) return std::nullopt;
  if (!delimiter.quoted) {
    const void* const found = std::memchr(data + after, delimiter.byte, size_bytes - after);
    if (found == nullptr) return std::nullopt;
    return static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - data) + 1;
  }
  std::optional<std::size_t> end;
  scan_csv(data, size_bytes, delimiter, state, [&](std::size_t at) {
    if (at < after) return true;
    end = at + 1;
    return false;
  });
  return end;
}

std::optional<std::size_t> last_end(const std::uint8_t* data, std::size_t size_bytes,
                                    Delimiter delimiter, CsvState state) {
  if (!delimiter.quoted) {
    const void* const found = ::memrchr(data, delimiter.byte, size_bytes);
    if (found == nullptr) return std::nullopt;
    return static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - data) + 1;
  }
  // Which newlines count is known from the front only.
  std::optional<std::size_t> end;
  scan_csv(data, size_bytes, delimiter, state, [&](std::size_t at) {
    end = at + 1;
    return true;
  });
  return end;
}

CutRecords cut_records(const std::uint8_t* data, std::size_t size_bytes, std::uint64_t offset,
                       Delimiter delimiter, std::span<Slice> records,
                       std::span<std::uint64_t> offsets) {
  CutRecords cut;
  std::size_t begin = 0;  // Of the record that is being looked for.
  const auto take = [&](std::size_t end) {
    if (cut.records == records.size()) return false;
    records[cut.records] = {data + begin, end - begin};
    offsets[cut.records++] = offset + begin;
    begin = end + 1;
    return true;
  };
  CsvState state = CsvState::border;
  if (delimiter.quoted)
    state = scan_csv(data, size_bytes, delimiter, state, take);
  else
    for_each_bit(
        data, size_bytes, true,
        [&](const std::uint8_t* block) { return equal_bits(block, delimiter.byte); }, take);
  if (begin < size_bytes && cut.records < records.size()) {
    take(size_bytes);
    begin = size_bytes;
    cut.in_quotes = state == CsvState::quotes;
  }
  cut.consumed_bytes = begin;
  return cut;
}

}  // namespace mrun
