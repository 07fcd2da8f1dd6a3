// Goal: merges in several passes lose, double and disorder nothing (P1), however many runs there
// are (P13: more than 2^16). Method: the steps of a run with a memory plan so small, or told to
// spill so often, that small texts make 10^4 runs and more; a fan-in that makes three passes of
// them; the bytes against what sort(1) and uniq(1) make of the same text, or the model where the
// order of a key's values counts. That a run's sums hold is the pipeline's own check, which fails
// the run; how many runs and passes there were is checked here.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/job_run.hpp"
#include "engine/open_pipeline.hpp"
#include "support/command.hpp"
#include "support/random.hpp"

namespace mrun {
namespace {

using namespace test_support;

/// Lines of 1 to 40 bytes of few letters: many are equal, many have a long beginning in common.
std::string lines_text(std::uint64_t seed, std::size_t lines) {
  Random random(seed);
  std::string text;
  for (std::size_t i = 0; i < lines; ++i) {
    const std::size_t common = random.one_in(2) ? 0 : random.below(30);
    text.append(common, 'k');
    for (std::size_t left = random.between(1, 10); left > 0; --left)
      text +=
          "\x01"
          "ab\xff"[random.below(4)];
    text += '\n';
  }
  return text;
}

/// What `command`, which finds the text in $1, prints.
std::string made_by_shell(const std::string& text, const std::string& command) {
  TempFolder folder;
  write_file(folder / "text", text);
  CommandOptions options;
  options.environment = {"LC_ALL=C"};
  const CommandResult result =
      run_command({"/bin/sh", "-c", command, "sh", folder / "text"}, options);
  EXPECT_TRUE(result.ok()) << result.err;
  return result.out;
}

/// Splits of about a line, each a task; runs of `splits_of_run` tasks.
PipelineSetup setup_of(JobShape shape, std::size_t splits_of_run, std::size_t fan_in) {
  PipelineSetup setup;
  setup.spec.shape = shape;
  setup.spills = true;
  setup.partitions = 1;
  setup.split_bytes = 20;
  setup.splits_of_run = splits_of_run;
  setup.fan_in = fan_in;
  return setup;
}

std::vector<std::string> run(OpenPipeline& pipeline, const std::string& text) {
  const auto parts = pipeline.run(text);
  EXPECT_TRUE(parts) << parts.error().message;
  testing::Test::RecordProperty("runs", static_cast<int>(pipeline.info.spilled_runs));
  testing::Test::RecordProperty("passes", static_cast<int>(pipeline.info.merged.passes));
  return parts ? *parts : std::vector<std::string>();
}

/// Merges on disk that each byte goes through: more than `passes` - 1, at most `passes`, by bytes
/// (what a run's frame costs aside, which tiny runs show and merged ones do not).
void expect_passes(const PipelineInfo& info, std::uint64_t passes) {
  EXPECT_GE(info.merged.passes, passes);
  EXPECT_LE(info.merged.written_bytes, passes * info.spilled_bytes);
}

TEST(ManyRuns, OfALineEachSortAsSortDoesInThreePassesAndTheLast) {
  const std::string text = lines_text(test_seed(), 50'000);
  const std::string sorted = made_by_shell(text, "sort \"$1\"");
  // The list shrinks by this factor a pass: 10^4 runs, 10^3, 10^2, and the last merge's.
  OpenPipeline pipeline(setup_of(JobShape::sort, 3, 10));
  EXPECT_TRUE(run(pipeline, text) == std::vector<std::string>{sorted});
  EXPECT_GE(pipeline.info.spilled_runs, 10'000u);
  EXPECT_EQ(pipeline.info.spilled_pairs, 50'000u);
  expect_passes(pipeline.info, 3);
}

TEST(ManyRuns, MadeByTheShortageOfMemoryAloneSortAsSortDoes) {
  const std::string text = lines_text(test_seed() + 1, 250'000);
  const std::string sorted = made_by_shell(text, "sort \"$1\"");
  // Room for a few blocks of entries, and one for what does not fit them.
  PipelineSetup setup = setup_of(JobShape::sort, SIZE_MAX, 8);
  setup.sort_bytes = std::size_t{640} << 10;
  OpenPipeline pipeline(setup);
  EXPECT_TRUE(run(pipeline, text) == std::vector<std::string>{sorted});
  EXPECT_GE(pipeline.info.spilled_runs, 80u);
  expect_passes(pipeline.info, 2);
}

TEST(ManyRuns, CountWordsAsUniqDoes) {
  const std::string text = words_text(test_seed() + 2, 600'000, 20'000);
  const std::string counted = made_by_shell(
      text, "tr -s ' ' '\\n' <\"$1\" | grep . | sort | uniq -c | awk '{print $2 \"\\t\" $1}'");
  PipelineSetup setup = setup_of(JobShape::count, 1, 10);
  setup.table_bytes = std::size_t{64} << 10;  // Full at once, so that pairs pass it.
  OpenPipeline pipeline(setup);
  EXPECT_TRUE(run(pipeline, text) == std::vector<std::string>{counted});
  EXPECT_GE(pipeline.info.spilled_runs, 10'000u);
  expect_passes(pipeline.info, 3);
}

TEST(ManyRuns, KeepTheValuesOfAKeyInInputOrder) {
  PipelineSetup setup = setup_of(JobShape::join, 2, 4);
  setup.partitions = 3;
  setup.spec.value_padding = 20;
  const std::string text = words_text(test_seed() + 3, 60'000, 200);
  OpenPipeline pipeline(setup);
  EXPECT_TRUE(run(pipeline, text) == model_parts(setup.spec, text, setup.partitions));
  EXPECT_GE(pipeline.info.merged.passes, 3u);
}

TEST(ManyRuns, AreMoreThanSixteenBitsCount) {
  // A line is a split and a run.
  const std::uint64_t runs = scaled(65'537);
  std::string text;
  Random random(test_seed() + runs);
  std::vector<std::string> lines;
  for (std::uint64_t i = 0; i < runs; ++i) {
    lines.push_back(std::to_string(100'000 + random.below(runs)) + '\n');
    text += lines.back();
  }
  std::sort(lines.begin(), lines.end());
  std::string sorted;
  for (const std::string& line : lines) sorted += line;

  PipelineSetup setup = setup_of(JobShape::sort, 1, 64);
  setup.split_bytes = 7;
  OpenPipeline pipeline(setup);
  EXPECT_TRUE(run(pipeline, text) == std::vector<std::string>{sorted});
  EXPECT_EQ(pipeline.info.spilled_runs, runs);
}

// Tasks are numbered with 32 bits: the order of values holds up to the last number, and beyond it
// the run fails and says why.
TEST(ManyTasks, AreOrderedUpToTwoToThe32AndThenRefused) {
  const std::string text = words_text(test_seed() + 4, 4000, 20);
  PipelineSetup setup = setup_of(JobShape::join, 7, 4);
  setup.spec.value_padding = 20;
  setup.split_bytes = 50;
  const std::size_t tasks = (text.size() + 49) / 50;
  const std::size_t end = std::size_t{1} << 32;
  for (const bool spills : {false, true}) {
    setup.spills = spills;
    setup.first_task = end - tasks;
    OpenPipeline last(setup);
    const auto parts = last.run(text);
    ASSERT_TRUE(parts) << parts.error().message;
    EXPECT_TRUE(*parts == model_parts(setup.spec, text, setup.partitions));

    ++setup.first_task;
    OpenPipeline beyond(setup);
    const auto refused = beyond.run(text);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::limit);
    EXPECT_NE(refused.error().message.find("2^32"), std::string::npos);
  }
}

}  // namespace
}  // namespace mrun
