// How often each file holds a word: combined by (word, file), grouped and partitioned by word.
#include <mrun/mrun.hpp>

struct FilesOfWords {
  static constexpr int group_fields = 1;
  using Combine = mrun::Sum;
  using Key = std::tuple<std::string_view, mrun::File>;
  void map(mrun::Record record, mrun::Emit<Key, std::uint64_t>& out) {
    for (const auto word : mrun::words{record}) out(Key{word, record.file}, 1);
  }
};
MRUN_JOB(FilesOfWords)
