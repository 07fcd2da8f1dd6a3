// How often each file holds a word, distributed by the whole key (word, file).
#include <mrun/mrun.hpp>

struct WordsInFiles {
  using Combine = mrun::Sum;
  using Key = std::tuple<std::string_view, mrun::File>;
  void map(mrun::Record record, mrun::Emit<Key, std::uint64_t>& out) {
    for (const auto word : mrun::words{record}) out(Key{word, record.file}, 1);
  }
};
MRUN_JOB(WordsInFiles)
