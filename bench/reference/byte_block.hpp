// ByteBlock: 64 bytes that are compared at once, with the widest vectors of the machine it is built
// on.
#pragma once

#include <cstdint>

#if defined(__AVX512BW__) || defined(__AVX2__)
#include <immintrin.h>
#endif

namespace mrun::bench {

#if defined(__AVX512BW__)

class ByteBlock {
 public:
  static constexpr std::size_t kBytes = 64;

  explicit ByteBlock(const std::uint8_t* from) : bytes_(_mm512_loadu_si512(from)) {}

  /// Bit i tells whether byte i is `value`.
  std::uint64_t equal(char value) const {
    return _mm512_cmpeq_epi8_mask(bytes_, _mm512_set1_epi8(value));
  }
  /// Bit i tells whether byte i is one of the six ASCII spaces: ' ' and '\t' to '\r'.
  std::uint64_t spaces() const {
    const __m512i from_tab = _mm512_sub_epi8(bytes_, _mm512_set1_epi8('\t'));
    return _mm512_cmple_epu8_mask(from_tab, _mm512_set1_epi8('\r' - '\t')) | equal(' ');
  }

 private:
  __m512i bytes_;
};

#elif defined(__AVX2__)

class ByteBlock {
 public:
  static constexpr std::size_t kBytes = 64;

  explicit ByteBlock(const std::uint8_t* from)
      : low_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))),
        high_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + 32))) {}

  std::uint64_t equal(char value) const {
    const __m256i wanted = _mm256_set1_epi8(value);
    return mask(_mm256_cmpeq_epi8(low_, wanted), _mm256_cmpeq_epi8(high_, wanted));
  }
  std::uint64_t spaces() const { return mask(tab_to_cr(low_), tab_to_cr(high_)) | equal(' '); }

 private:
  static std::uint64_t mask(__m256i low, __m256i high) {
    const auto low_bits = static_cast<std::uint32_t>(_mm256_movemask_epi8(low));
    const auto high_bits = static_cast<std::uint32_t>(_mm256_movemask_epi8(high));
    return low_bits | std::uint64_t{high_bits} << 32;
  }
  static __m256i tab_to_cr(__m256i bytes) {
    const __m256i from_tab = _mm256_sub_epi8(bytes, _mm256_set1_epi8('\t'));
    const __m256i span = _mm256_set1_epi8('\r' - '\t');
    return _mm256_cmpeq_epi8(_mm256_min_epu8(from_tab, span), from_tab);
  }

  __m256i low_, high_;
};

#else

class ByteBlock {
 public:
  static constexpr std::size_t kBytes = 64;

  explicit ByteBlock(const std::uint8_t* from) : bytes_(from) {}

  std::uint64_t equal(char value) const {
    return mask([=](std::uint8_t byte) { return byte == static_cast<std::uint8_t>(value); });
  }
  std::uint64_t spaces() const {
    return mask([](std::uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); });
  }

 private:
  template <typename Predicate>
  std::uint64_t mask(Predicate predicate) const {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < kBytes; ++i) bits |= std::uint64_t{predicate(bytes_[i])} << i;
    return bits;
  }

  const std::uint8_t* bytes_;
};

#endif

/// The lowest `count` bits set.
inline std::uint64_t low_bits(std::size_t count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

}  // namespace mrun::bench
