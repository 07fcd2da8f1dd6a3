// A word count outside mrun's tree.
#include <mrun/mrun.hpp>

struct MyJob {
  static constexpr auto name = "my_job";
  using Combine = mrun::Sum;

  void map(std::string_view line, mrun::Emit<std::string_view, std::uint64_t>& out) {
    for (const auto word : mrun::words{line}) out(word, 1);
  }
};

MRUN_JOB(MyJob)
