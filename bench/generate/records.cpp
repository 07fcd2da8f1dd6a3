// Generates records of 100 bytes for sorting.
#include <cstring>

#include "generate/kinds.hpp"

namespace mrun::bench {
namespace {

constexpr std::size_t kRecordBytes = 100;
constexpr std::size_t kKeyBytes = 10;
constexpr std::size_t kNumberDigits = 32;
constexpr char kHex[] = "0123456789ABCDEF";

/// `number` in `kNumberDigits` hexadecimal digits.
char* write_number(char* at, std::uint64_t number) {
  for (std::size_t digit = kNumberDigits; digit-- > 0; number >>= 4) at[digit] = kHex[number & 15];
  return at + kNumberDigits;
}

/// `size` bytes of filler: hexadecimal digits, each four times.
char* write_filler(char* at, std::size_t size, std::uint64_t bits) {
  for (std::size_t i = 0; i < size; ++i) at[i] = kHex[(bits >> (i & ~std::size_t{3})) & 15];
  return at + size;
}

char* write_bytes(char* at, const char* bytes, std::size_t size) {
  std::memcpy(at, bytes, size);
  return at + size;
}

}  // namespace

void generate_records(std::uint64_t size_bytes, Random random, OutputFile& out) {
  for (std::uint64_t number = 0; number < size_bytes / kRecordBytes; ++number) {
    const std::uint64_t key[2] = {random.next(), random.next()};
    char* at = out.room();
    std::memcpy(at, key, kKeyBytes);
    at = write_bytes(at + kKeyBytes, "\x00\x11", 2);
    at = write_number(at, number);
    at = write_bytes(at, "\x88\x99\xAA\xBB", 4);
    at = write_filler(at, 48, key[1] >> 16);
    write_bytes(at, "\xCC\xDD\xEE\xFF", 4);
    out.commit(kRecordBytes);
  }
}

void generate_record_lines(std::uint64_t size_bytes, Random random, OutputFile& out) {
  constexpr std::uint64_t kPrintable = '~' - ' ' + 1;
  for (std::uint64_t number = 0; number < size_bytes / kRecordBytes; ++number) {
    std::uint64_t key[2] = {random.next(), random.next()};
    const std::uint64_t filler = key[1];
    char* at = out.room();
    for (std::size_t i = 0; i < kKeyBytes; ++i) {
      std::uint64_t& source = key[i / (kKeyBytes / 2)];
      *at++ = static_cast<char>(' ' + source % kPrintable);
      source /= kPrintable;
    }
    at = write_bytes(at, "  ", 2);
    at = write_number(at, number);
    at = write_bytes(at, "  ", 2);
    at = write_filler(at, 53, filler);
    *at = '\n';
    out.commit(kRecordBytes);
  }
}

}  // namespace mrun::bench
