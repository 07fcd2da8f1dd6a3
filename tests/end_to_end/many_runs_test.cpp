// Goal: the command sorts and counts right through many runs, in several passes, with the least
// memory, and with few file descriptors (P1, P13, P17). Method: a pipe of which each KiB is a map
// task, and one line so long that few runs are merged at once. The bytes against `LC_ALL=C sort`
// and `uniq -c`. CI makes twenty runs and a pass before the last merge, the long variant a hundred
// and two. Of lines whose keys are wide, CI makes tens of runs and three passes, and the long
// variant 10^4 runs and three, or 500 runs for each limit of descriptors.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

class RunsOfTheCommand : public testing::Test {
 protected:
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
  TempFolder folder_;
};

class ManyRunsOfTheCommand : public RunsOfTheCommand {
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

  const std::uint64_t lines_ = is_long_ ? 37'000'000 : scaled(5'000'000);
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

/// A key that is given many times orders lines as once, but its bytes are stored as often: so a
/// line of 18 bytes takes almost 4 KiB of memory, and a run of the least memory is 90 KB of text.
class WideKeys : public RunsOfTheCommand {
 protected:
  static constexpr int kTimes = 200;
  static constexpr std::uint64_t kLinesOfRun = 4'500;            ///< With 34 MiB, at most.
  static constexpr std::uint64_t kLinesOfRunOfThreads = 12'000;  ///< With 66 MiB, at most.

  /// `lines` of them, and one of `longest_bytes`.
  void write_lines(std::uint64_t lines, std::size_t longest_bytes) {
    Random random(test_seed());
    std::string text;
    for (std::uint64_t i = 0; i < lines; ++i)
      text += std::to_string(100'000'000 + random.below(900'000'000)) + " and some\n";
    text += std::string(longest_bytes, '5') + "\n";
    write_file(folder_ / "lines", text);
  }
  void sort_and_compare(const std::string& limits, const std::string& options) {
    std::string script = limits + "$MRUN " + shipped_job("sort") + " - out -q --no-sync " +
                         "--compress-spill lz4 --split-size 1M " + options;
    for (int i = 0; i < kTimes; ++i) script += " -D key=1";
    print_of(script + " <lines");
    EXPECT_EQ(print_of("cmp <($MRUN cat out) <(sort -s -k1 lines) && $MRUN verify -q out && "
                       "echo same"),
              "same\n");
    std::cout << recorded("spilled_runs") << " runs, " << recorded("merge_passes")
              << " passes before the last merge" << std::endl;
  }
};

TEST_F(WideKeys, MakeTenThousandRunsAndThreePasses) {
  const std::uint64_t runs = is_long_ ? 10'000 : std::max<std::uint64_t>(scaled(40), 20);
  // The longer the longest, the fewer runs are merged at once.
  write_lines(runs * kLinesOfRun, is_long_ ? 3'500 : 15'000);
  // Output that is compressed takes its share of the memory, too.
  sort_and_compare("", "--memory 34M --compress zstd");
  EXPECT_GE(recorded("spilled_runs"), runs);
  EXPECT_GE(recorded("merge_passes"), is_long_ || runs == 40 ? 3u : 1u);
}

class FewDescriptors : public WideKeys, public testing::WithParamInterface<int> {};

TEST_P(FewDescriptors, ServeManyRuns) {
  const std::uint64_t runs = is_long_ ? 500 : std::max<std::uint64_t>(scaled(20), 5);
  write_lines(runs * kLinesOfRunOfThreads, 100);
  sort_and_compare("ulimit -n " + std::to_string(GetParam()) + "; ", "--memory 66M -j16 -p 7");
  EXPECT_GE(recorded("spilled_runs"), runs);
}

INSTANTIATE_TEST_SUITE_P(Limits, FewDescriptors, testing::Values(16, 20, 64, 1024),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace mrun::test_support
