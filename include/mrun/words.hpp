// mrun::words: the words of a text, 64 bytes at a time.
//
// The text is turned into bit masks, one bit a byte, and words are found by bit scans: about 2.5 ns
// a word where a byte loop takes 12 (after simdjson: Langdale and Lemire, "Parsing gigabytes of
// JSON per second", 2019).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string_view>

#include "past_view.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace mrun::detail {

/// Bit i is set where byte i of the 64 at `bytes` is not one of the six ASCII spaces (space, \t,
/// \n, \v, \f, \r). In plain C++: eight bytes at a time in a 64-bit word.
inline std::uint64_t word_bits_portable(const char* bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kLow = 0x7F7F7F7F7F7F7F7F,
                          kHigh = 0x8080808080808080;
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < 8; ++i) {
    std::uint64_t x;
    std::memcpy(&x, bytes + i * 8, 8);
    // Each sum stays within its byte, for the bytes' low seven bits are compared; `x` itself then
    // rules out bytes of 128 and more. High bit set: not a space; low bits >= 9; low bits >= 14.
    const std::uint64_t low = x & kLow;
    const std::uint64_t not_space = (low ^ kOnes * 0x20) + kLow;
    const std::uint64_t from_tab = low + kOnes * (0x80 - 9);
    const std::uint64_t past_cr = low + kOnes * (0x80 - 14);
    const std::uint64_t spaces = (~not_space | (from_tab & ~past_cr)) & ~x & kHigh;
    // Gathers the eight high bits into one byte.
    bits |= (((~spaces & kHigh) >> 7) * 0x0102040810204080 >> 56) << (i * 8);
  }
  return bits;
}

#if defined(__SSE2__)
inline unsigned word_bits_16(const char* bytes) {
  const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i from_tab = _mm_sub_epi8(x, _mm_set1_epi8('\t'));
  const __m128i control =
      _mm_cmpeq_epi8(_mm_min_epu8(from_tab, _mm_set1_epi8('\r' - '\t')), from_tab);
  const __m128i spaces = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8(' ')), control);
  return static_cast<unsigned>(_mm_movemask_epi8(spaces));
}
inline std::uint64_t word_bits(const char* bytes) {
  const std::uint64_t low = word_bits_16(bytes) | word_bits_16(bytes + 16) << 16;
  const std::uint64_t high = word_bits_16(bytes + 32) | word_bits_16(bytes + 48) << 16;
  return ~(low | high << 32);
}
#else
inline std::uint64_t word_bits(const char* bytes) { return word_bits_portable(bytes); }
#endif

}  // namespace mrun::detail

namespace mrun {

/// The words of a text: runs of bytes other than the six ASCII spaces. `for (auto word :
/// words{line})`
///
/// The words are views into the text, which may lie anywhere.
class words {
 public:
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string_view*;
    using reference = std::string_view;

    explicit iterator(std::string_view text)
        : block_(text.data()), end_(text.data() + text.size()) {
      if (block_ == end_) return;
      bits_ = load();
      next();
    }

    std::string_view operator*() const {
      return {begin_, static_cast<std::size_t>(word_end_ - begin_)};
    }
    iterator& operator++() {
      next();
      return *this;
    }
    void operator++(int) { next(); }
    bool operator==(std::default_sentinel_t) const { return begin_ == nullptr; }

   private:
    /// The bits of the block, zero past the text's end.
    std::uint64_t load() const {
      const auto left = static_cast<std::size_t>(end_ - block_);
      if (left >= 64) return detail::word_bits(block_);
      const std::uint64_t inside = (std::uint64_t{1} << left) - 1;
      if (detail::may_read_block<64>(block_))
        return detail::word_bits(detail::without_bounds(block_)) & inside;
      char copy[64] = {};
      std::memcpy(copy, block_, left);
      return detail::word_bits(copy) & inside;
    }

    void next() {
      while (bits_ == 0) {
        if (end_ - block_ <= 64) {
          begin_ = nullptr;
          return;
        }
        block_ += 64;
        bits_ = load();
      }
      begin_ = block_ + std::countr_zero(bits_);
      // Adding the lowest bit carries through the word's run of ones, to the space behind it.
      const std::uint64_t carried = bits_ + (bits_ & (~bits_ + 1));
      bits_ &= carried;
      if (carried != 0) [[likely]]
        word_end_ = block_ + std::countr_zero(carried);
      else
        end_in_later_block();
    }

    void end_in_later_block() {
      do {
        if (end_ - block_ <= 64) {
          word_end_ = end_;
          bits_ = 0;
          return;
        }
        block_ += 64;
        bits_ = load();
      } while (bits_ == ~std::uint64_t{0});
      const int size = std::countr_one(bits_);
      word_end_ = block_ + size;
      bits_ &= ~std::uint64_t{0} << size;
    }

    const char* block_ = nullptr;
    const char* end_ = nullptr;
    const char* begin_ = nullptr;
    const char* word_end_ = nullptr;
    std::uint64_t bits_ = 0;
  };

  explicit words(std::string_view text) : text_(text) {}
  iterator begin() const { return iterator(text_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::string_view text_;
};

}  // namespace mrun
