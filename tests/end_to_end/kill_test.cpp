// Goal: an output is whole or absent (P3), and a killed run leaves no spill data (P16). Method: a
// job that spills is ended by a signal at random times, from before its main() to after its commit.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

namespace fs = std::filesystem;

/// A folder with an input and what a run makes of it, and how long that takes.
class KillTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    Random random(test_seed());
    write_file(folder_ / "in/text", random_words(random, 8 << 10, 300));
    fs::create_directories(parent());
    std::vector<std::string> with_stats = arguments();
    with_stats.push_back("--stats");
    const CommandResult result = run_mrun(with_stats);
    ASSERT_TRUE(result.ok()) << describe(with_stats, result);
    ASSERT_EQ((result.out + result.err).find(" 0 sorted runs"), std::string::npos)
        << "the job does not spill: " << result.out << result.err;
    expected_ = read_output(out());
    usual_us_ = static_cast<std::uint64_t>(result.seconds * 1e6);
    remove_tree(out());
  }

  std::vector<std::string> arguments() const {
    // 45 MB of pairs, more than the memory holds.
    return {test_job("concatenate"), "-q", "-j2",       "-p4", "--memory=36M",
            "--split-size=2K",       "-D", "repeat=90", "-D",  "big=3000",
            folder_ / "in",          out()};
  }
  std::string parent() const { return folder_ / "results"; }
  std::string out() const { return parent() + "/out"; }

  /// A run that gets `signal` at a random time of its usual length.
  CommandResult run_and_signal(Random& random, int signal) {
    fs::create_directories(parent());
    CommandOptions options;
    options.signal = signal;
    options.signal_after = std::chrono::microseconds(random.below(usual_us_ * 11 / 10 + 1));
    return run_mrun(arguments(), options);
  }

  bool has_expected_bytes() const { return read_output(out()) == expected_; }
  bool output_is_whole() const { return run_mrun({"verify", out()}).ok() && has_expected_bytes(); }

  /// Names of files that hold spilled or other intermediate data.
  std::vector<std::string> work_files() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(parent())) {
      const std::string path = fs::relative(entry.path(), parent()).string();
      if (entry.is_regular_file() && path.find("/work/") != std::string::npos)
        found.push_back(path);
    }
    return found;
  }

  TempFolder folder_;
  std::map<std::string, std::string> expected_;
  std::uint64_t usual_us_ = 0;
};

constexpr int kShards = 4;

TEST_P(KillTest, AKilledRunLeavesAWholeOutputOrNone) {
  Random random(case_seed(static_cast<std::uint64_t>(GetParam())));
  std::uint64_t killed = 0, whole = 0;
  const std::uint64_t runs = scaled(300) / kShards + 1;
  for (std::uint64_t i = 0; i < runs; ++i) {
    SCOPED_TRACE("run " + std::to_string(i) + ", seed " + std::to_string(test_seed()));
    const CommandResult result = run_and_signal(random, SIGKILL);
    killed += result.signal == SIGKILL ? 1 : 0;
    if (exists(out())) {
      ++whole;
      ASSERT_TRUE(output_is_whole());
    } else {
      ASSERT_EQ(result.signal, SIGKILL) << result.err;
    }
    ASSERT_EQ(work_files(), std::vector<std::string>{}) << "spill data outlives a killed run";
    const auto names = names_in(parent());
    ASSERT_LE(names.size(), 2u) << testing::PrintToString(names);

    // The next run sweeps what is left and makes the same bytes.
    if (names.empty()) continue;
    std::vector<std::string> again = arguments();
    again.push_back("--overwrite");
    const CommandResult rerun = run_mrun(again);
    ASSERT_TRUE(rerun.ok()) << describe(again, rerun);
    ASSERT_TRUE(has_expected_bytes());
    ASSERT_EQ(names_in(parent()), std::vector<std::string>{"out"});
    remove_tree(parent());
  }
  RecordProperty("killed", static_cast<int>(killed));
  RecordProperty("whole", static_cast<int>(whole));
  constexpr std::uint64_t kEnoughToJudge = 20;
  if (runs >= kEnoughToJudge) {
    EXPECT_GT(killed, runs / 8) << "the signals come too late to test anything";
  }
}

void expect_clean_stop(const CommandResult& result, int signal) {
  EXPECT_EQ(result.signal, signal) << "exit status " << result.exit_status << ": " << result.err;
  EXPECT_LE(result.seconds_after_signal, under_sanitizer() ? 5.0 : 1.0);
}

TEST_P(KillTest, AStoppedRunLeavesNothing) {
  Random random(case_seed(1000 + static_cast<std::uint64_t>(GetParam())));
  const std::uint64_t runs = scaled(100) / kShards + 1;
  for (std::uint64_t i = 0; i < runs; ++i) {
    const int signal = i % 2 == 0 ? SIGINT : SIGTERM;
    SCOPED_TRACE("run " + std::to_string(i) + ", signal " + std::to_string(signal));
    const CommandResult result = run_and_signal(random, signal);
    if (exists(out())) {
      // The signal came when the output was already committed.
      ASSERT_TRUE(output_is_whole());
      ASSERT_EQ(names_in(parent()), std::vector<std::string>{"out"});
    } else {
      expect_clean_stop(result, signal);
      ASSERT_EQ(names_in(parent()), std::vector<std::string>{});
    }
    remove_tree(parent());
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Share, KillTest, testing::Range(0, kShards));

/// Jobs that would take minutes.
class StopTest : public testing::TestWithParam<int> {
 protected:
  CommandResult stop(std::vector<std::string> arguments, CommandOptions options = {}) {
    fs::create_directories(folder_ / "results");
    arguments.push_back(folder_ / "results/out");
    options.signal = GetParam();
    options.signal_after = std::chrono::milliseconds(under_sanitizer() ? 1500 : 400);
    return run_mrun(arguments, options);
  }
  void expect_nothing_left() {
    EXPECT_EQ(names_in(folder_ / "results"), std::vector<std::string>{});
  }

  TempFolder folder_;
};

TEST_P(StopTest, EndsALongMapWithinASecond) {
  Random random(test_seed());
  write_file(folder_ / "in", random_words(random, 4 << 20, 1000));
  expect_clean_stop(stop({test_job("slow"), "-q", "-j2", folder_ / "in"}), GetParam());
  expect_nothing_left();
}

TEST_P(StopTest, EndsALongReduceWithinASecond) {
  Random random(test_seed());
  write_file(folder_ / "in", random_words(random, 64 << 10, 10));
  // Ten keys with gigabytes of values: the signal comes in a merge or in the middle of a group.
  CommandOptions options;
  expect_clean_stop(stop({test_job("concatenate"), "-q", "-j2", "-m", "64M", "-D", "repeat=200",
                          "-D", "big=20000", folder_ / "in"},
                         options),
                    GetParam());
  expect_nothing_left();
}

TEST_P(StopTest, EndsARunThatWaitsForItsStandardInput) {
  // Nobody writes to this FIFO, though it is open for writing.
  const std::string fifo = folder_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  std::fstream writer(fifo, std::ios::in | std::ios::out);
  CommandOptions options;
  options.stdin_file = fifo;
  expect_clean_stop(stop({shipped_job("wordcount"), "-q", "-"}, options), GetParam());
  expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Signals, StopTest, testing::Values(SIGINT, SIGTERM), [](const auto& test) {
  return std::string(test.param == SIGINT ? "Int" : "Term");
});

TEST(Staging, OfALiveRunIsNotTouchedByAnother) {
  // Goal: sweeping takes only staging whose lock is free. A slow run holds its own while a second
  // run with the same output is refused, and others beside it finish.
  TempFolder folder;
  Random random(test_seed());
  write_file(folder / "in", random_words(random, 60 << 10, 100));
  fs::create_directories(folder / "results");
  const std::vector<std::string> slow{
      test_job("slow"),      "-q", "-j1", "-D", "microseconds=700", folder / "in",
      folder / "results/out"};
  CommandResult first;
  std::thread runner([&] { first = run_mrun(slow); });
  while (names_in(folder / "results").empty())
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));

  const CommandResult second =
      run_mrun({shipped_job("wordcount"), "-q", folder / "in", folder / "results/out"});
  EXPECT_EQ(second.exit_status, 5) << second.err;
  const CommandResult beside =
      run_mrun({shipped_job("wordcount"), "-q", folder / "in", folder / "results/beside"});
  EXPECT_TRUE(beside.ok()) << beside.err;
  runner.join();
  EXPECT_TRUE(first.ok()) << first.err;
  EXPECT_EQ(names_in(folder / "results"), (std::vector<std::string>{"beside", "out"}));
  EXPECT_TRUE(run_mrun({"verify", folder / "results/out"}).ok());
}

}  // namespace
}  // namespace mrun::test_support
