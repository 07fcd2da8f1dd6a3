// Generates running text.
#include <cstring>
#include <vector>

#include "generate/kinds.hpp"
#include "generate/vocabulary.hpp"
#include "generate/zipf_sampler.hpp"

namespace mrun::bench {
namespace {

/// The word may be the last of its line.
void append(OutputFile& out, const Word& word, bool last) {
  char* room = out.room();
  std::memcpy(room, word.text, Word::kMaxSize);
  room[word.size] = last ? '\n' : ' ';
  out.commit(std::size_t{word.size} + 1);
}

}  // namespace

void generate_zipf_text(std::uint64_t size_bytes, std::uint32_t distinct, Random random,
                        OutputFile& out) {
  const std::vector<Word> words = make_vocabulary(distinct, random);
  const ZipfSampler ranks(distinct);
  while (out.size_bytes() < size_bytes) {
    for (std::uint32_t left = 8 + random.below(9); left != 0; --left)
      append(out, words[ranks.draw(random)], left == 1);
  }
}

void generate_distinct_text(std::uint64_t size_bytes, std::uint32_t distinct, Random random,
                            OutputFile& out) {
  constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15u;
  constexpr std::uint64_t kNumberMask = (std::uint64_t{1} << 40) - 1;
  while (out.size_bytes() < size_bytes) {
    for (int left = 12; left != 0; --left) {
      // Scattered over 40 bits, the words have the same length and no order.
      const std::uint64_t id = random.below(distinct) * kGoldenRatio;
      append(out, word_of_number((id >> 20) & kNumberMask), left == 1);
    }
  }
}

}  // namespace mrun::bench
