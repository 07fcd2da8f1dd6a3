// wordcount: how often each word occurs. Words are what lies between ASCII white space.
#include <mrun/mrun.hpp>

struct WordCount {
  static constexpr auto name = "wordcount";
  static constexpr auto help = "counts words: word TAB count, sorted by word";
  using Combine = mrun::Sum;

  // A chunk holds many lines, and white space ends a line as well as a word, so whole chunks are
  // cut into words at once.
  void map(mrun::Chunk chunk, mrun::Emit<std::string_view, std::uint64_t>& out) {
    for (const auto word : mrun::words{chunk}) out(word, 1);
  }
};

MRUN_JOB(WordCount)
