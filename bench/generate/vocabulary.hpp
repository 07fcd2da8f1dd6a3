// Vocabulary: made-up words whose lengths are distributed as in English.
#pragma once

#include <cstdint>
#include <vector>

#include "generate/random.hpp"

namespace mrun::bench {

/// A word that is copied as a block of fixed size, which is faster than copying its bytes.
struct Word {
  static constexpr std::uint32_t kMaxSize = 31;
  char text[kMaxSize];
  std::uint8_t size;
};

/// `count` different words by falling frequency: first the commonest of English, then pronounceable
/// ones that grow longer with their rank; about one in 200 of these has more than 16 letters.
std::vector<Word> make_vocabulary(std::uint32_t count, Random& random);

/// The word of number `id`: different for different numbers, 2 letters for every factor of 90.
Word word_of_number(std::uint64_t id);

}  // namespace mrun::bench
