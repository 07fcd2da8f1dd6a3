#include <mrun/mrun.hpp>

struct WordCount {
  using Combine = mrun::Sum;
  void map(std::string_view line, mrun::Emit<std::string_view, std::uint64_t>& out) {
    for (auto word : mrun::words{line}) out(word, 1);
  }
};
MRUN_JOB(WordCount)
