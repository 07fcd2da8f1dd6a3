// wordcount: how often each word occurs. Words are what lies between ASCII white space.
#include <mrun/mrun.hpp>

#include "common/word_options.hpp"

struct WordCount {
  static constexpr auto name = "wordcount";
  static constexpr auto help = "counts words: word TAB count, sorted by word";
  using Combine = mrun::Sum;

  WordOptions words;

  // A chunk holds many lines, and what ends a line ends a word, so whole chunks are cut into words
  // at once.
  void map(mrun::Chunk chunk, mrun::Emit<std::string_view, std::uint64_t>& out) {
    words.each_word(chunk, [&](std::string_view word) { out(word, 1); });
  }
};

MRUN_JOB(WordCount)
