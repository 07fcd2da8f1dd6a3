// Goal: what a run says of itself is complete, and cannot steer a terminal.
#include "cli/summary.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mrun {
namespace {

RunInfo some_run() {
  RunInfo info;
  info.input_files = 1;
  info.input_bytes = 1 << 20;
  info.input_records = 1234567;
  info.output_parts = 2;
  info.threads = info.threads_asked = 4;
  info.seconds = 1.5;
  info.phases = {{"map", 1, 3.5, 100, 2 << 20}, {"commit", 0.5, 0.1, 0, 1 << 20}};
  return info;
}

RunOptions some_options() {
  RunOptions options;
  options.output = "out";
  options.memory_bytes = 64 << 20;
  return options;
}

bool says(const std::string& text, const char* words) {
  return text.find(words) != std::string::npos;
}

TEST(Summary, SaysWhatWasReadAndWritten) {
  const std::string text = summary_text(some_run(), some_options(), "job");
  EXPECT_TRUE(says(text, "1 file (1 MiB, 1,234,567 records)")) << text;
  EXPECT_TRUE(says(text, "'out'")) << text;
  EXPECT_TRUE(says(text, "1.50 s on 4 threads, peak memory 2 MiB")) << text;
  EXPECT_TRUE(says(text, "mrun: to print it: mrun cat out\n")) << text;
  EXPECT_FALSE(says(text, "the mean")) << text;
  EXPECT_FALSE(says(text, "spilled")) << text;
  EXPECT_FALSE(says(text, "warning")) << text;
  EXPECT_FALSE(says(text, "skipped")) << text;
}

TEST(Summary, SaysWhatAUserShouldKnow) {
  RunInfo info = some_run();
  info.threads = 2;
  info.skipped_files = 3;
  info.spilled_runs = 5;
  info.spilled_bytes = 1 << 30;
  info.counters = {{"lines\x1b[0m", -7}};
  info.warning = "a folder could not be removed";
  info.part_skew = 3.25;
  info.excluded_files = 1;
  RunOptions options = some_options();
  options.output = "it's out";
  const std::string text = summary_text(info, options, "job\n");
  for (const char* words :
       {"2 of 4 threads", "--memory", "3 files", "5 sorted runs", "1 GiB", "lines\\x1b[0m = -7",
        "job\\n", "a folder could not be removed", "largest part 3.2 x the mean", "left out 1 file",
        "mrun cat 'it'\\''s out'"})
    EXPECT_TRUE(says(text, words)) << words << " in " << text;
}

TEST(Stats, NameEveryPhaseAndTheSpill) {
  const std::string text = stats_text(some_run(), some_options());
  for (const char* words : {"map", "commit", "spill", "3.500", "all", "64 MiB", "1,234,567"})
    EXPECT_TRUE(says(text, words)) << words << " in " << text;
}

TEST(Stats, SayHowFarTheEstimateWasOff) {
  RunInfo info = some_run();
  EXPECT_TRUE(says(stats_text(info, some_options()), "estimate   not needed"));
  info.estimate.why_not = "some of the input is a stream";
  EXPECT_TRUE(says(stats_text(info, some_options()), "none: some of the input is a stream"));
  info.estimate.is_known = info.estimate.knows_output = true;
  info.estimate.scratch_bytes = 110 << 20;
  info.scratch_peak_bytes = 100 << 20;
  info.estimate.output_bytes = 90 << 20;
  info.output_bytes = 80 << 20;
  info.side_outputs.push_back({"odd", 1, 20 << 20, 1});
  info.estimate.sampled_bytes = 1 << 20;
  const std::string text = stats_text(info, some_options());
  EXPECT_TRUE(says(text,
                   "scratch 110 MiB (error +10.0 %), output 90 MiB (error -10.0 %), by a "
                   "sample of 1 MiB"))
      << text;
  info.scratch_peak_bytes = 0;
  EXPECT_TRUE(says(stats_text(info, some_options()), "scratch 110 MiB (there was none)"));
}

TEST(Stats, ARunOfNoTimeDividesByNothing) {
  EXPECT_FALSE(says(stats_text(RunInfo{}, RunOptions{}), "nan"));
  EXPECT_FALSE(says(stats_text(RunInfo{}, RunOptions{}), "inf"));
}

TEST(CountText, GroupsDigits) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(UINT64_MAX), "18,446,744,073,709,551,615");
}

}  // namespace
}  // namespace mrun
