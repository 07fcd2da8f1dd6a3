// Which files hold a word: a file as a value, `unique` as the combiner.
#include <mrun/mrun.hpp>

struct FileNames {
  using Combine = mrun::Unique;
  void map(mrun::Record record, mrun::Emit<std::string_view, mrun::File>& out) {
    for (const auto word : mrun::words{record}) out(word, record.file);
  }
};
MRUN_JOB(FileNames)
