// Text inside keys: escaped, so that the order of bytes is the order of texts whatever follows.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mrun::detail {

/// The high bit of each byte that is 0, right up to the first of them.
inline std::uint64_t zero_bytes(std::uint64_t word) {
  constexpr std::uint64_t kLow = 0x0101010101010101, kHigh = 0x8080808080808080;
  return (word - kLow) & ~word & kHigh;
}

/// Copies some text of 8 to 64 bytes, word by word; false where a byte of it is 0, or where it is
/// shorter or longer.
inline bool copy_if_no_zero(std::uint8_t* out, std::string_view text) {
  constexpr std::size_t kWord = sizeof(std::uint64_t), kMost = 64;
  if (text.size() - kWord > kMost - kWord) return false;
  std::uint64_t zeros = 0;
  const auto copy = [&](std::size_t at) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, kWord);
    std::memcpy(out + at, &word, kWord);
    zeros |= zero_bytes(word);
  };
  for (std::size_t at = 0; at + kWord < text.size(); at += kWord) copy(at);
  copy(text.size() - kWord);
  return zeros == 0;
}

/// Escaped bytes: 00 as 00 FF, then 00 01. Returns the end of what was written.
inline std::uint8_t* put_escaped(std::uint8_t* out, std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (copy_if_no_zero(out, text)) {
    out += text.size();
    at = end;
  }
  while (at != end) {
    const auto left = static_cast<std::size_t>(end - at);
    const void* const zero = std::memchr(at, 0, left);
    const std::size_t run =
        zero != nullptr ? static_cast<std::size_t>(static_cast<const char*>(zero) - at) : left;
    std::memcpy(out, at, run);
    out += run;
    at += run;
    if (zero != nullptr) {
      *out++ = 0x00;
      *out++ = 0xFF;
      ++at;
    }
  }
  *out++ = 0x00;
  *out++ = 0x01;
  return out;
}

/// Where the next 0 byte of [at, end) is; `end` where there is none. Each byte is first
/// complemented by `flip` (0x00 or 0xFF).
inline const std::uint8_t* find_zero(const std::uint8_t* at, const std::uint8_t* end,
                                     std::uint8_t flip) {
  constexpr std::ptrdiff_t kWord = sizeof(std::uint64_t);
  constexpr std::uint64_t kEachByte = 0x0101010101010101;
  for (; end - at >= kWord; at += kWord) {
    std::uint64_t word;
    std::memcpy(&word, at, kWord);
    const std::uint64_t zeros = zero_bytes(word ^ (kEachByte * flip));
    if (zeros != 0) return at + std::countr_zero(zeros) / 8;
  }
  while (at != end && *at != flip) ++at;
  return at;
}

}  // namespace mrun::detail
