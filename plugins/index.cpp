// index: which files hold each word, and how often or on which lines.
#include <mrun/mrun.hpp>

#include "common/word_options.hpp"

struct Index {
  static constexpr auto name = "index";
  static constexpr auto help =
      "lists the files of each word: word TAB file TAB count, by word, then in input order";
  using Key = std::tuple<std::string_view, mrun::File>;
  using Combine = mrun::Sum;
  static constexpr int group_fields = 1;  // all files of a word stand in one part

  WordOptions words;
  mrun::Param<bool> lines{"lines", "false", "in place of counts: word TAB file TAB line number"};

  void shape(mrun::Shape<Index>& shape) const {
    if (!*lines) return;
    shape.line_numbers(true);
    shape.combine<mrun::Unique>();  // a word that a line repeats is listed once
  }

  void map(mrun::Chunk chunk, mrun::Emit<Key, std::uint64_t>& out) {
    if (!*lines) {
      words.each_word(chunk, [&](std::string_view word) { out({word, chunk.file}, 1); });
      return;
    }
    std::uint64_t line = chunk.first_line;
    for (const std::string_view text : mrun::lines{chunk}) {
      words.each_word(text, [&](std::string_view word) { out({word, chunk.file}, line); });
      ++line;
    }
  }
};

MRUN_JOB(Index)
