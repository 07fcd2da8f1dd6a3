// LiteralScan: the places in a text where one of a few literals stands, 64 bytes at a time.
//
// Three bytes of each literal, the rarest in English, are compared at all places at once; only
// where they agree is the literal looked at as a whole. Cases of ASCII letters are not told apart.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

class LiteralScan {
 public:
  /// More would make the scan slower than an automaton.
  static constexpr std::size_t kMaxLiterals = 8;

  /// `literals` are at most kMaxLiterals, of 2 bytes at least, in lower case.
  explicit LiteralScan(const std::vector<std::string>& literals) {
    for (const std::string& literal : literals) {
      literals_.emplace_back(literal);
      longest_ = std::max(longest_, literal.size());
    }
  }

  /// The first place at or after `from` where a literal stands, or text.size().
  std::size_t find(std::string_view text, std::size_t from) const {
#if defined(__SSE2__)
    for (; from + 64 + longest_ <= text.size(); from += 64)
      for (std::uint64_t places = candidates(text.data() + from); places != 0;
           places &= places - 1) {
        const std::size_t place = from + static_cast<std::size_t>(std::countr_zero(places));
        if (stands_at(text, place)) return place;
      }
#endif
    for (; from < text.size(); ++from)
      if (stands_at(text, from)) return from;
    return from;
  }

 private:
  static constexpr std::size_t kProbes = 3;

  static bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

  struct Literal {
    struct Probe {
      std::size_t offset;
      std::array<char, 16> bytes;  ///< The byte, for a vector.
      std::array<char, 16> folds;  ///< What makes the cases of a letter equal; 0 for what is none.
    };

    explicit Literal(std::string text) : lower(std::move(text)) {
      std::vector<std::size_t> rarest(lower.size());
      for (std::size_t i = 0; i < rarest.size(); ++i) rarest[i] = i;
      std::stable_sort(rarest.begin(), rarest.end(), [this](std::size_t a, std::size_t b) {
        return frequency(lower[a]) < frequency(lower[b]);
      });
      for (std::size_t i = 0; i < kProbes; ++i) {
        const std::size_t offset = rarest[std::min(i, rarest.size() - 1)];
        probes[i].offset = offset;
        probes[i].bytes.fill(lower[offset]);
        probes[i].folds.fill(is_letter(lower[offset]) ? 0x20 : 0);
      }
    }

    bool stands_at(const char* at) const {
      return std::equal(lower.begin(), lower.end(), at, [](char wanted, char found) {
        return wanted == (is_letter(found) ? static_cast<char>(found | 0x20) : found);
      });
    }

    /// How common a byte is in English: 0 for what is no letter.
    static std::size_t frequency(char byte) {
      constexpr std::string_view kByFrequency = "zqxjkvbpygfwmucldrhsnioate ";
      const std::size_t at = kByFrequency.find(byte);
      return at == std::string_view::npos ? 0 : at + 1;
    }

    std::string lower;
    std::array<Probe, kProbes> probes;
  };

  bool stands_at(std::string_view text, std::size_t place) const {
    return std::any_of(literals_.begin(), literals_.end(), [&](const Literal& one) {
      return one.lower.size() <= text.size() - place && one.stands_at(text.data() + place);
    });
  }

#if defined(__SSE2__)
  /// Bit i is set where a literal may stand at `at` + i. 64 + longest_ bytes are read.
  std::uint64_t candidates(const char* at) const {
    std::uint64_t places = 0;
    for (const Literal& literal : literals_) {
      const Literal::Probe &a = literal.probes[0], &b = literal.probes[1], &c = literal.probes[2];
      for (unsigned i = 0; i < 64; i += 16) {
        const __m128i all = _mm_and_si128(_mm_and_si128(agreeing(at + i, a), agreeing(at + i, b)),
                                          agreeing(at + i, c));
        places |= std::uint64_t{static_cast<unsigned>(_mm_movemask_epi8(all))} << i;
      }
    }
    return places;
  }

  static __m128i agreeing(const char* at, const Literal::Probe& probe) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + probe.offset));
    return _mm_cmpeq_epi8(_mm_or_si128(bytes, sixteen(probe.folds)), sixteen(probe.bytes));
  }

  static __m128i sixteen(const std::array<char, 16>& bytes) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data()));
  }
#endif

  std::vector<Literal> literals_;
  std::size_t longest_ = 0;
};
