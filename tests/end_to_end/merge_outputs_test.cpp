// Goal: a merge of outputs is, byte for byte, what one run over all of their inputs makes.
// Method: random inputs, split at random into the inputs of several runs with parts of different
// numbers; their merge against a run of the job with as many parts; all files but the run's record.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "end_to_end/query_fixture.hpp"

namespace mrun::test_support {
namespace {

class Merge : public testing::TestWithParam<std::size_t> {
 protected:
  CommandResult mrun(const std::vector<std::string>& arguments) {
    CommandOptions options;
    options.folder = folder_.path();
    return run_mrun(arguments, options);
  }
  void run(const QueryJob& job, std::vector<std::string> inputs, const std::string& out,
           const std::string& parts, const std::string& format) {
    std::vector<std::string> arguments = {job.path};
    arguments.insert(arguments.end(), inputs.begin(), inputs.end());
    arguments.insert(arguments.end(),
                     {out, "-q", "--no-sync", "-p", parts, "--output-format", format});
    arguments.insert(arguments.end(), job.params.begin(), job.params.end());
    const CommandResult result = mrun(arguments);
    ASSERT_TRUE(result.ok()) << describe(arguments, result);
  }

  const TempFolder folder_;
};

TEST_P(Merge, IsWhatOneRunOverAllInputsMakes) {
  const std::uint64_t index = GetParam();
  Random random(case_seed(1000 + index));
  const std::vector<QueryJob> jobs = query_jobs();
  const QueryJob& job = jobs[index % jobs.size()];
  SCOPED_TRACE(job.name + ", case " + std::to_string(index) + " of seed " +
               std::to_string(test_seed()));
  const std::string format = random.one_in(3) ? "kv" : "table";
  std::vector<std::string> inputs, outputs, group;
  const std::size_t files = random.between(2, 7);
  for (std::size_t i = 0; i < files; ++i) {
    inputs.push_back("in" + std::to_string(i));
    group.push_back(inputs.back());
    write_file(folder_ / inputs.back(),
               random_words(random, scaled(random.below(60'000)), job.vocabulary));
    if (i + 1 < files && !random.one_in(2)) continue;
    outputs.push_back("out" + std::to_string(outputs.size()));
    run(job, group, outputs.back(), std::to_string(random.between(1, 6)), format);
    group.clear();
  }
  if (outputs.size() == 1) {
    outputs.push_back("empty");
    write_file(folder_ / "none", "");
    inputs.push_back("none");
    run(job, {"none"}, "empty", "2", format);
  }
  // The borders of a total order are found from what map emitted, which is combined by now.
  const bool keeps_borders = job.name != "count_in_order";
  const std::string parts = std::to_string(keeps_borders ? random.between(1, 6) : 1);
  std::vector<std::string> arguments = {"merge"};
  arguments.insert(arguments.end(), outputs.begin(), outputs.end());
  arguments.insert(arguments.end(), {"merged", "--job", job.path, "-p", parts, "-q",
                                     random.one_in(2) ? "-j1" : "-j3"});
  const CommandResult merged = mrun(arguments);
  if (!job.can_be_merged) {
    EXPECT_EQ(merged.exit_status, 2) << describe(arguments, merged);
    EXPECT_FALSE(exists(folder_ / "merged"));
    return;
  }
  ASSERT_TRUE(merged.ok()) << describe(arguments, merged);
  EXPECT_EQ(merged.err, "");
  EXPECT_TRUE(mrun({"verify", "merged", "-q"}).ok());
  run(job, inputs, "whole", parts, format);
  const std::map<std::string, std::string> now = read_output(folder_ / "merged");
  const std::map<std::string, std::string> wanted = read_output(folder_ / "whole");
  ASSERT_EQ(now.size(), wanted.size());
  for (const auto& [name, bytes] : wanted)
    EXPECT_TRUE(now.at(name) == bytes) << name << " is not the same";
}

INSTANTIATE_TEST_SUITE_P(OfRandomSplits, Merge, testing::Range<std::size_t>(0, 42));

/// As --stats has them, below a phase of that name.
std::uint64_t spilled_runs(const std::string& stats) {
  const std::size_t line = stats.rfind("\nspill ");
  return line == std::string::npos ? 0 : std::strtoull(stats.c_str() + line + 7, nullptr, 10);
}

/// Goal: many outputs are merged with few file descriptors, and where memory is short through
/// sorted runs, of which nothing remains. Method: a hundred outputs of some parts under `ulimit -n
/// 20` and 64 MiB.
class MergeOfMany : public testing::Test {
 protected:
  static constexpr int kOutputs = 100;

  /// Joined by spaces.
  static std::string names(const std::string& prefix, int begin, int end) {
    std::string text;
    for (int i = begin; i < end; ++i) text += prefix + std::to_string(i) + " ";
    return text;
  }
  void make(const std::string& job, const std::string& format) {
    Random random(test_seed());
    CommandOptions options;
    options.folder = folder_.path();
    for (int i = 0; i < kOutputs; ++i) {
      const std::string number = std::to_string(i);
      write_file(folder_ / "in" + number, random_words(random, 2000, 300));
      ASSERT_TRUE(run_mrun({job, "in" + number, "out" + number, "-q", "--no-sync", "-p7",
                            "--output-format", format},
                           options)
                      .ok());
    }
  }
  CommandResult mrun(const std::string& arguments) {
    CommandOptions options;
    options.folder = folder_.path();
    return run_command({"/bin/bash", "-c",
                        "ulimit -n 20; exec " + mrun_path() + " " + arguments + " -q --no-sync"},
                       options);
  }
  void expect_same(const std::string& one, const std::string& other) {
    const auto wanted = read_output(folder_ / one), now = read_output(folder_ / other);
    ASSERT_EQ(now.size(), wanted.size());
    for (const auto& [name, bytes] : wanted) EXPECT_TRUE(now.at(name) == bytes) << name;
  }

  const TempFolder folder_;
};

TEST_F(MergeOfMany, NeedsFewFileDescriptors) {
  for (const std::string format : {"table", "kv"}) {
    make(shipped_job("wordcount"), format);
    ASSERT_TRUE(mrun(shipped_job("wordcount") + " " + names("in", 0, kOutputs) +
                     "whole -p 40 --output-format " + format)
                    .ok());
    const CommandResult merged =
        mrun("merge " + names("out", 0, kOutputs) + "new -p 40 -j8 --job wordcount");
    ASSERT_TRUE(merged.ok()) << merged.err;
    expect_same("whole", "new");
    for (const std::string& name : names_in(folder_.path())) remove_tree(folder_ / name);
  }
}

TEST_F(MergeOfMany, TakesSeveralPassesWhereMemoryIsShort) {
  const std::string job = test_job("words_in_files");
  make(job, "table");
  // Their keys hold files, so each part of the new output may have pairs of all the old ones.
  std::filesystem::create_directory(folder_ / "tmp");
  const std::string merge = "merge " + names("out", 0, kOutputs) + "new -p 3 -m 64M --job " + job;
  const CommandResult merged = mrun(merge + " -T tmp --stats");
  ASSERT_TRUE(merged.ok()) << merged.err;
  EXPECT_GT(spilled_runs(merged.err), 1u) << merged.err;
  ASSERT_TRUE(mrun(job + " " + names("in", 0, kOutputs) + "whole -p 3 --output-format table").ok());
  expect_same("whole", "new");
  remove_tree(folder_ / "new");
  const CommandResult limited = mrun(merge + " -T tmp --tmp-limit 100K");
  EXPECT_EQ(limited.exit_status, 6) << limited.err;
  EXPECT_NE(limited.err.find("--tmp-limit"), std::string::npos) << limited.err;
  Random random(test_seed());
  for (int round = 0; round < 12; ++round) {
    CommandOptions killed;
    killed.folder = folder_.path();
    killed.signal = round % 3 == 0 ? SIGTERM : SIGKILL;
    killed.signal_after = std::chrono::microseconds(random.below(80'000));
    const CommandResult result = run_command(
        {"/bin/bash", "-c", "exec " + mrun_path() + " " + merge + " -T tmp -q"}, killed);
    EXPECT_EQ(exists(folder_ / "new"), result.ok()) << result.err;
    remove_tree(folder_ / "new");
  }
  EXPECT_TRUE(names_in(folder_ / "tmp").empty());
  EXPECT_FALSE(exists(folder_ / "new"));
}

struct PassesCase {
  std::string name, job;
  int outputs;
  std::string parts, new_parts, format;
  std::vector<std::string> params = {};
};
void PrintTo(const PassesCase& one, std::ostream* out) { *out << one.name; }

std::vector<PassesCase> passes_cases() {
  return {
      {"fold", "wordcount", 45, "9", "2", "table"},
      {"fold_kv", "wordcount", 45, "9", "2", "kv"},
      {"values_with_files", "index", 45, "5", "5", "table", {"-D", "lines"}},
      {"keys_with_files", test_job("words_in_files"), 45, "5", "3", "kv"},
      {"unique", test_job("unique_values"), 45, "9", "2", "table"},
      // The parts of a total order are read one after another, so it takes many outputs.
      {"total_order", "sort", 170, "2", "3", "table"},
      {"total_order_fold", test_job("count_in_order"), 170, "2", "3", "table"},
      {"parts_of_one_output", test_job("words_in_files"), 3, "300", "2", "table"},
  };
}

/// Goal: however many passes a merge takes, its bytes are those of one pass. Method: more parts
/// than the least memory serves at once, of every kind of job, merged with little and with much.
class MergePasses : public testing::TestWithParam<PassesCase> {
 protected:
  void run(const std::vector<std::string>& arguments) {
    const CommandResult result = run_mrun(arguments, options_);
    ASSERT_TRUE(result.ok()) << describe(arguments, result);
  }
  /// Returns how many runs it spilled.
  std::uint64_t merge(const std::string& name, const std::vector<std::string>& how) {
    std::vector<std::string> arguments = {"merge"};
    for (int i = 0; i < GetParam().outputs; ++i) arguments.push_back("out" + std::to_string(i));
    arguments.insert(arguments.end(), {name, "--job", GetParam().job, "--no-sync", "--stats", "-p",
                                       GetParam().new_parts});
    arguments.insert(arguments.end(), how.begin(), how.end());
    const CommandResult result = run_mrun(arguments, options_);
    EXPECT_TRUE(result.ok()) << describe(arguments, result);
    return spilled_runs(result.err);
  }

  const TempFolder folder_;
  const CommandOptions options_ = [this] {
    CommandOptions options;
    options.folder = folder_.path();
    return options;
  }();
};

TEST_P(MergePasses, GiveTheBytesOfOne) {
  const PassesCase& one = GetParam();
  Random random(test_seed());
  for (int i = 0; i < one.outputs; ++i) {
    const std::string in = "in" + std::to_string(i), out = "out" + std::to_string(i);
    // Some have no pairs, and some more than others.
    write_file(folder_ / in,
               random.one_in(8) ? "" : random_words(random, random.between(5000, 30'000), 900));
    std::vector<std::string> made = {one.job,           in,         out,  "-q",     "--no-sync",
                                     "--output-format", one.format, "-p", one.parts};
    made.insert(made.end(), one.params.begin(), one.params.end());
    run(made);
  }
  EXPECT_EQ(merge("one_pass", {"-m", "2G", "-j2"}), 0u);
  EXPECT_GT(merge("passes", {"-m", "34M", "-j1", "--compress-spill", "none"}), 1u);
  EXPECT_GT(merge("passes_of_many", {"-m", "40M", "-j4", "--compress-spill", "zstd"}), 1u);
  run({"verify", "passes", "-q"});
  const auto wanted = read_output(folder_ / "one_pass");
  for (const std::string name : {"passes", "passes_of_many"}) {
    const auto now = read_output(folder_ / name);
    ASSERT_EQ(now.size(), wanted.size());
    for (const auto& [part, bytes] : wanted) EXPECT_TRUE(now.at(part) == bytes) << name << part;
  }
}

INSTANTIATE_TEST_SUITE_P(OfEveryKind, MergePasses, testing::ValuesIn(passes_cases()),
                         [](const auto& test) { return test.param.name; });

/// Goal: NEW is whole or absent. Method: a merge that is killed at random times, and one after it.
TEST(MergeCommand, IsWholeOrAbsentWhereItIsKilled) {
  Random random(case_seed(77));
  const TempFolder folder;
  CommandOptions options;
  options.folder = folder.path();
  for (const std::string name : {"a", "b"}) {
    write_file(folder / name, random_words(random, scaled(400'000), 50'000));
    ASSERT_TRUE(run_mrun({"wordcount", name, "out_" + name, "-q", "--no-sync", "-p4",
                          "--output-format", "table"},
                         options)
                    .ok());
  }
  const std::vector<std::string> merge = {"merge", "out_a",     "out_b", "new",
                                          "--job", "wordcount", "-q",    "-p3"};
  for (int round = 0; round < 30; ++round) {
    SCOPED_TRACE(round);
    CommandOptions killed = options;
    killed.signal = round % 3 == 0 ? SIGTERM : SIGKILL;
    killed.signal_after = std::chrono::microseconds(random.below(60'000));
    const CommandResult result = run_mrun(merge, killed);
    if (exists(folder / "new")) {
      EXPECT_TRUE(run_mrun({"verify", "new", "-q"}, options).ok());
      remove_tree(folder / "new");
    } else {
      EXPECT_FALSE(result.ok());
    }
  }
  const CommandResult last = run_mrun(merge, options);
  EXPECT_TRUE(last.ok()) << last.err;
  EXPECT_TRUE(run_mrun({"verify", "new", "-q"}, options).ok());
  for (const std::string& name : names_in(folder.path()))
    EXPECT_NE(name.rfind(".mrun", 0), 0u) << name;
}

}  // namespace
}  // namespace mrun::test_support
