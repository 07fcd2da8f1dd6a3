// Goal: the command sorts and counts right through many runs, in several passes, with the least
// memory, and with few file descriptors (P1, P13, P17). Method: a pipe of which each KiB is a map
// task, and one line so long that few runs are merged at once. The bytes against `LC_ALL=C sort`
// and `uniq -c`. CI makes twenty runs and a pass before the last merge, the long variant a hundred
// and two. (10^4 runs and three passes: merge_passes_test.)
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

class ManyRunsOfTheCommand : public testing::Test {
 protected:
  ManyRunsOfTheCommand() {
    Random random(test_seed());
    std::string text;
    for (std::uint64_t i = 0; i < lines_; ++i)
      text += std::to_string(random.below(lines_)) +
              (random.one_in(50) ? " " : " and some more text") + "\n";
    // What a merge needs of each run goes by the largest pair, so that few runs are merged at once.
    text += std::string(2'000'000, '5') + "\n";
    write_file(folder_ / "lines", text);
  }
  /// What the script prints. It finds mrun in $MRUN.
  std::string print_of(const std::string& script) {
    CommandOptions options;
    options.folder = folder_.path();
    options.environment = {"LC_ALL=C", "MRUN=" + mrun_path()};
    options.timeout = std::chrono::hours(5);
    const CommandResult result = run_command({"/bin/bash", "-c", script}, options);
    EXPECT_TRUE(result.ok()) << script << ": " << result.err;
    return result.out;
  }
  /// A number of the output's own record.
  std::uint64_t recorded(const std::string& name) {
    const std::string record = print_of("cat out/_mrun/*");
    const std::size_t at = record.find("\"" + name + "\": ");
    return at == std::string::npos ? 0 : std::stoull(record.substr(at + name.size() + 4));
  }

  const bool is_long_ = std::getenv("MRUN_TEST_LONG") != nullptr;
  const std::uint64_t lines_ = is_long_ ? 37'000'000 : scaled(5'000'000);
  TempFolder folder_;
};

TEST_F(ManyRunsOfTheCommand, AreSortedWithTwentyDescriptors) {
  print_of("ulimit -n 20; $MRUN " + shipped_job("sort") +
           " - out -q --no-sync --memory 34M --split-size 1K <lines");
  EXPECT_EQ(print_of("$MRUN cat out | cmp - <(sort lines) && $MRUN verify -q out && echo same"),
            "same\n");
  EXPECT_GE(recorded("spilled_runs"), lines_ / 350'000);
  EXPECT_GE(recorded("merge_passes"), is_long_ ? 2u : lines_ >= 5'000'000 ? 1u : 0u);
}

TEST_F(ManyRunsOfTheCommand, AreReducedInPartsWithTwentyDescriptorsOfManyThreads) {
  // A reduce of its own: nothing is combined before.
  print_of("ulimit -n 20; $MRUN " + test_job("concatenate") +
           " - out -q --no-sync --memory 70M -j16 -p 7 --split-size 1K <lines");
  EXPECT_EQ(print_of("cmp <($MRUN cat out | cut -f1,2 | sort) <(cut -d' ' -f1 lines | sort | "
                     "uniq -c | sed -E 's/ *([0-9]+) (.*)/\\2\\t\\1/' | sort) && echo same"),
            "same\n");
  EXPECT_GE(recorded("spilled_runs"), lines_ >= 5'000'000 ? 2u : 0u);
}

}  // namespace
}  // namespace mrun::test_support
