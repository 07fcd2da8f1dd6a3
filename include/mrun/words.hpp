// mrun::words and mrun::letter_words: the words of a text, 64 bytes at a time.
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

inline constexpr std::uint64_t kLowBits = 0x7F7F7F7F7F7F7F7F, kHighBits = 0x8080808080808080;

/// The same byte eight times.
constexpr std::uint64_t eight(unsigned byte) { return 0x0101010101010101 * byte; }

/// The high bit of each byte of `low`, whose own high bits are clear, that lies in first..last.
/// Each sum stays within its byte.
constexpr std::uint64_t high_bits_in_range(std::uint64_t low, unsigned first, unsigned last) {
  return (low + eight(0x80 - first)) & ~(low + eight(0x7F - last)) & kHighBits;
}

#if defined(__SSE2__)
/// All ones in each byte of `x` that lies in first..last.
inline __m128i in_range(__m128i x, char first, char last) {
  const __m128i from_first = _mm_sub_epi8(x, _mm_set1_epi8(first));
  return _mm_cmpeq_epi8(_mm_min_epu8(from_first, _mm_set1_epi8(static_cast<char>(last - first))),
                        from_first);
}
#endif

/// Which bytes words are made of: all but the six ASCII spaces (space, \t, \n, \v, \f, \r).
struct NoSpace {
  /// The high bit of each byte of a word that belongs to words.
  static std::uint64_t high_bits(std::uint64_t x) {
    const std::uint64_t low = x & kLowBits;
    const std::uint64_t not_space = (low ^ eight(' ')) + kLowBits;
    return (not_space & ~high_bits_in_range(low, '\t', '\r')) | (x & kHighBits);
  }
#if defined(__SSE2__)
  static unsigned bits_16(__m128i x) {
    const __m128i spaces =
        _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8(' ')), in_range(x, '\t', '\r'));
    return ~static_cast<unsigned>(_mm_movemask_epi8(spaces)) & 0xFFFF;
  }
#endif
};

/// ASCII letters and digits, and every byte from 128 on, of which UTF-8 makes all other letters.
struct LetterOrDigit {
  static std::uint64_t high_bits(std::uint64_t x) {
    const std::uint64_t low = x & kLowBits;
    return high_bits_in_range(low, '0', '9') | high_bits_in_range(low | eight(0x20), 'a', 'z') | x;
  }
#if defined(__SSE2__)
  static unsigned bits_16(__m128i x) {
    const __m128i letters = in_range(_mm_or_si128(x, _mm_set1_epi8(0x20)), 'a', 'z');
    const __m128i inside = _mm_or_si128(_mm_or_si128(letters, in_range(x, '0', '9')), x);
    return static_cast<unsigned>(_mm_movemask_epi8(inside));
  }
#endif
};

/// Bit i is set where byte i of the 64 at `bytes` belongs to words. In plain C++: eight bytes at a
/// time in a 64-bit word.
template <typename Class>
std::uint64_t word_bits_portable(const char* bytes) {
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < 8; ++i) {
    std::uint64_t x;
    std::memcpy(&x, bytes + i * 8, 8);
    // Gathers the eight high bits into one byte.
    bits |= (((Class::high_bits(x) & kHighBits) >> 7) * 0x0102040810204080 >> 56) << (i * 8);
  }
  return bits;
}

template <typename Class>
std::uint64_t word_bits(const char* bytes) {
#if defined(__SSE2__)
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i * 16));
    bits |= std::uint64_t{Class::bits_16(x)} << (i * 16);
  }
  return bits;
#else
  return word_bits_portable<Class>(bytes);
#endif
}

/// The same of a last block, of which only `left` < 64 bytes belong to the text; zero past them.
template <typename Class>
[[gnu::noinline]] std::uint64_t last_bits(const char* bytes, std::size_t left) {
  return bits_of_last(bytes, left, [](const char* block) { return word_bits<Class>(block); });
}

/// The runs of bytes of a text that belong to `Class`. They are views into the text, which may lie
/// anywhere.
template <typename Class>
class Words {
 public:
  class iterator {
   public:
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;

    // Inlined by force: a call that is given the iterator's address keeps it out of registers, and
    // its state is read and written for every word.
    [[gnu::always_inline]] explicit iterator(std::string_view text)
        : block_(text.data()), end_(text.data() + text.size()) {
      if (block_ == end_) return;
      bits_ = load();
      next();
    }

    std::string_view operator*() const {
      return {begin_, static_cast<std::size_t>(word_end_ - begin_)};
    }
    [[gnu::always_inline]] iterator& operator++() {
      next();
      return *this;
    }
    void operator++(int) { next(); }
    bool operator==(std::default_sentinel_t) const { return begin_ == nullptr; }

   private:
    /// The bits of the block, zero past the text's end.
    [[gnu::always_inline]] std::uint64_t load() const {
      const auto left = static_cast<std::size_t>(end_ - block_);
      return left >= 64 ? word_bits<Class>(block_) : last_bits<Class>(block_, left);
    }

    [[gnu::always_inline]] void next() {
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

    [[gnu::always_inline]] void end_in_later_block() {
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

  explicit Words(std::string_view text) : text_(text) {}
  iterator begin() const { return iterator(text_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::string_view text_;
};

}  // namespace mrun::detail

namespace mrun {

/// The words of a text: runs of bytes other than the six ASCII spaces. `for (auto word :
/// words{line})`
using words = detail::Words<detail::NoSpace>;
/// The runs of letters and digits of a text: in ASCII; every byte from 128 on counts as a letter,
/// so that words in UTF-8 stay whole.
using letter_words = detail::Words<detail::LetterOrDigit>;

}  // namespace mrun
