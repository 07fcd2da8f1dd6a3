// Spells the words of a vocabulary.
#include "generate/vocabulary.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_set>

namespace mrun::bench {
namespace {

constexpr std::string_view kConsonants = "bcdfghjklmnprstvwz";
constexpr std::string_view kVowels = "aeiou";

constexpr std::string_view kCommonest[] = {
    "the", "of",   "and",  "to",   "in",   "a",    "is",    "that",  "for",   "it",
    "was", "as",   "with", "be",   "by",   "on",   "not",   "he",    "his",   "but",
    "at",  "are",  "this", "have", "from", "or",   "had",   "an",    "they",  "which",
    "one", "you",  "were", "all",  "her",  "she",  "there", "would", "their", "we",
    "him", "been", "has",  "when", "who",  "will", "no",    "more",  "if",    "out"};

Word to_word(std::string_view text) {
  Word word{};
  std::memcpy(word.text, text.data(), text.size());
  word.size = static_cast<std::uint8_t>(text.size());
  return word;
}

/// Grows by 15/64 of a letter each time the rank doubles, give or take one letter. The figures were
/// chosen so that 1 GiB of text with half a million words has about 203 million of them.
std::size_t draw_length(std::uint32_t rank, Random& random) {
  const auto doublings = static_cast<std::uint32_t>(std::bit_width(rank));
  std::uint32_t length = (95 + 15 * doublings + random.below(128)) / 64;
  constexpr std::uint32_t kLongWordLetters = 12, kLongWordOneIn = 200;
  if (random.below(kLongWordOneIn) == 0) length += kLongWordLetters;
  return length;
}

/// Adds a letter that can be spoken after the last one.
void append_letter(std::string& word, bool vowel, Random& random) {
  const std::string_view letters = vowel ? kVowels : kConsonants;
  word += letters[random.below(static_cast<std::uint32_t>(letters.size()))];
}

}  // namespace

std::vector<Word> make_vocabulary(std::uint32_t count, Random& random) {
  std::vector<Word> words;
  std::unordered_set<std::string> known;
  words.reserve(count);
  known.reserve(count);
  for (const std::string_view common : kCommonest) {
    if (words.size() == count) break;
    words.push_back(to_word(common));
    known.emplace(common);
  }
  while (words.size() < count) {
    const std::size_t length = draw_length(static_cast<std::uint32_t>(words.size()), random);
    std::string word;
    bool vowel = random.below(3) == 0;
    // A word that exists already gets more letters, until it is a new one.
    do {
      append_letter(word, vowel, random);
      vowel = !vowel;
    } while (word.size() < length || (word.size() < Word::kMaxSize && known.contains(word)));
    if (known.insert(word).second) words.push_back(to_word(word));
  }
  return words;
}

Word word_of_number(std::uint64_t id) {
  constexpr std::uint64_t kSyllables = kConsonants.size() * kVowels.size();
  Word word{};
  do {
    const std::uint64_t syllable = id % kSyllables;
    word.text[word.size++] = kConsonants[syllable % kConsonants.size()];
    word.text[word.size++] = kVowels[syllable / kConsonants.size()];
    id /= kSyllables;
  } while (id != 0);
  return word;
}

}  // namespace mrun::bench
