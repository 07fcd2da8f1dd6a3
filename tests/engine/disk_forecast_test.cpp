// Goal: what is said of runs, passes, files and bytes before a run is what the run does; and the
// paper estimate in runner/README.md is what these formulas give. Method: real runs and merges with
// tiny memory.
#include "engine/disk_forecast.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/size_text.hpp"
#include "engine/job_run.hpp"
#include "engine/merge_phase.hpp"
#include "shuffle/records.hpp"
#include "shuffle/run_writer.hpp"
#include "shuffle/sort_buffer.hpp"
#include "support/executors.hpp"
#include "support/small_disks.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

void expect_near(std::uint64_t forecast, std::uint64_t real, double share, const char* what) {
  EXPECT_NEAR(static_cast<double>(forecast), static_cast<double>(real),
              static_cast<double>(real) * share)
      << what;
}

/// A text, and a run of a job on it in this process.
struct TextRun {
  explicit TextRun(const std::string& text) : folder(text) {}
  Result<RunInfo> run(const RunSetup& setup) {
    ThreadExecutor executor(setup.threads);
    StopFlag stop;
    return folder.run(setup, executor, disks, stop);
  }
  JobRunFolder folder;
  SmallDisks disks;
};

/// So little memory that some MB spill.
RunSetup tiny(JobShape shape, std::uint64_t memory_mib) {
  RunSetup setup;
  setup.spec.shape = shape;
  setup.memory_bytes = memory_mib * kMiB;
  return setup;
}

/// Runs a job and compares with what it said before.
RunInfo check_run(const RunSetup& setup, const std::string& text) {
  SCOPED_TRACE(fmt::format("{} threads, {}", setup.threads,
                           spill_compression_name(setup.spill_compression)));
  TextRun run(text);
  auto info = run.run(setup);
  EXPECT_TRUE(info) << info.error().message;
  if (!info) return {};
  const DiskEstimate& estimate = info->estimate;
  EXPECT_TRUE(estimate.is_known) << estimate.why_not;
  EXPECT_GT(info->spilled_runs, 2u);
  expect_near(estimate.scratch_bytes, info->scratch_peak_bytes, 0.25, "scratch bytes");
  EXPECT_NEAR(static_cast<double>(estimate.runs), static_cast<double>(info->spilled_runs),
              static_cast<double>(info->spilled_runs) * 0.34 + setup.threads);
  EXPECT_EQ(estimate.passes, info->merge_passes);
  EXPECT_LE(run.disks.files_most(), setup.threads + estimate.passes * setup.threads);
  return *std::move(info);
}

TEST(DiskForecast, IsWhatARunOfPairsThatStayApartDoes) {
  RunSetup setup = tiny(JobShape::join, 40);
  setup.spec.value_padding = 150;
  const std::string text = words_text(1, 3'500'000, 5000);
  for (const auto compression :
       {SpillCompression::none, SpillCompression::lz4, SpillCompression::zstd})
    for (const unsigned threads : {1u, 2u}) {
      setup.threads = threads;
      setup.spill_compression = compression;
      check_run(setup, text);
    }
}

TEST(DiskForecast, IsWhatARunOfPairsThatFoldDoes) {
  RunSetup setup = tiny(JobShape::count, 40);
  setup.spec.key_padding = 200;
  setup.threads = 2;
  const RunInfo info = check_run(setup, words_text(2, 6'000'000, 400'000));
  EXPECT_TRUE(info.estimate.knows_output);
  expect_near(info.estimate.output_bytes, info.output_bytes, 0.25, "output bytes");
}

TEST(DiskForecast, OfOutputIsLeftOutWhereThereSurelyIsRoom) {
  // Much text of few words: the first pieces say that all fit.
  RunSetup setup = tiny(JobShape::count, 40);
  TextRun run(words_text(5, 40'000'000, 100));
  const auto info = run.run(setup);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->estimate.is_known);
  EXPECT_EQ(info->estimate.runs, 0u);
  EXPECT_LT(info->estimate.sampled_bytes, 512u << 10);  // Four pieces of 64 KiB.
  EXPECT_FALSE(info->estimate.knows_output);
}

TEST(DiskForecast, OfPairsThatStayApartAShortSampleTellsTheOutput) {
  TextRun run(words_text(6, 40'000'000, 5000));
  const auto info = run.run(tiny(JobShape::sort, 512));
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->estimate.is_known);
  EXPECT_EQ(info->estimate.runs, 0u);
  EXPECT_EQ(info->spilled_runs, 0u);
  EXPECT_LT(info->estimate.sampled_bytes, 512u << 10);
  EXPECT_TRUE(info->estimate.knows_output);
  expect_near(info->estimate.output_bytes, info->output_bytes, 0.25, "output bytes");
}

/// Lets `records` count those that are mapped here.
RunSetup counting(RunSetup setup, std::uint64_t& records) {
  setup.hooks.before_record = [&](std::string_view, std::uint64_t) -> Result<void> {
    ++records;
    return {};
  };
  return setup;
}

TEST(DiskForecast, IsNotMadeWhereAllSurelyFits) {
  std::uint64_t records = 0;
  const auto info =
      TextRun(words_text(3, 100'000, 100)).run(counting(tiny(JobShape::count, 1024), records));
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->estimate.is_known);
  EXPECT_EQ(records, info->input_records);
}

TEST(DiskForecast, LetsNothingOfTheSampleBeSeen) {
  std::uint64_t records = 0;  // Also counted by what is mapped for the sample, were it here.
  const auto info =
      TextRun(words_text(4, 4'000'000, 100)).run(counting(tiny(JobShape::join, 34), records));
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->estimate.is_known);
  EXPECT_EQ(records, info->input_records);
}

TEST(DiskForecast, AJobThatCannotBeTriedIsRunAllTheSame) {
  RunSetup setup = tiny(JobShape::join, 34);
  const pid_t here = ::getpid();
  setup.hooks.before_record = [&](std::string_view, std::uint64_t) -> Result<void> {
    if (::getpid() != here) std::abort();
    return {};
  };
  const auto info = TextRun(words_text(4, 4'000'000, 100)).run(setup);
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->estimate.is_known);
  EXPECT_NE(info->estimate.why_not, "");
}

/// Merges `count` runs of like size with the memory of `plan`, and compares with the forecast.
void check_merge(std::uint64_t count, unsigned threads, MemoryPlan plan) {
  SCOPED_TRACE(fmt::format("{} runs, {} threads", count, threads));
  const TempFolder folder;
  SmallDisks disks;
  ScratchSpace scratch(disks, {folder.path()});
  MemoryBudget index_budget(std::size_t{1} << 30);
  RunSet set;
  plan.spill_writers = threads;
  for (unsigned lane = 0; lane < threads; ++lane) set.files.push_back(scratch.create());
  std::vector<std::uint64_t> ends(threads);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::vector<Run> segments;
    for (unsigned lane = 0; lane < threads; ++lane) {
      Records records;
      for (unsigned k = 0; k < 50; ++k)
        records.push_back({std::to_string(10'000 + 50 * lane + k), std::string(100, 'x'),
                           static_cast<std::uint32_t>(200 + i)});
      RunWriter writer = *RunWriter::create(index_budget, *set.files[lane], ends[lane],
                                            kBlockBytesMin, {SpillCompression::none});
      ASSERT_TRUE(writer.add(0, pairs_of(records)));
      segments.push_back(*writer.finish());
      ends[lane] = segments.back().end();
      set.pairs += records.size();
    }
    set.runs.emplace_back(std::move(segments));
  }
  RunsForecast runs{count, 0};
  for (const SortedRun& run : set.runs) runs.bytes += run.size_bytes();
  const MergeForecast forecast = forecast_merge(runs, plan, threads, SpillCompression::none);

  const MergeMemory memory = MergeMemory::for_runs(plan, threads, plan.block_bytes,
                                                   SpillCompression::none, set.runs.size());
  MemoryBudget budget(memory.bytes);
  ThreadExecutor executor(threads);
  const SortedCombiner combiner;
  const StopFlag stop;
  const auto merged = merge_down(set, {1,
                                       combiner,
                                       executor,
                                       scratch,
                                       budget,
                                       index_budget,
                                       memory,
                                       plan.block_bytes,
                                       stop,
                                       {SpillCompression::none}});
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ(forecast.passes, merged->passes);
  EXPECT_EQ(forecast.fan_in, memory.fan_in);
  EXPECT_LE(set.runs.size(), forecast.fan_in);
  EXPECT_GE(forecast.memory_bytes, budget.peak_bytes());
  // Headers and footers of runs are few in real runs, and many in these small ones.
  expect_near(forecast.rewritten_bytes, merged->written_bytes, 0.1, "rewritten bytes");
  expect_near(forecast.peak_bytes, scratch.peak_bytes(), 0.1, "peak bytes");
  EXPECT_EQ(forecast.peak_files, disks.files_most());
  set.runs.clear();
  set.files.clear();
}

TEST(MergeForecast, IsWhatMergesInPassesDo) {
  MemoryPlan plan;
  plan.block_bytes = kBlockBytesMin;
  plan.sort_bytes = 3 * kMiB;
  const MergeMemory memory =
      MergeMemory::for_runs(plan, 1, plan.block_bytes, SpillCompression::none, 1000);
  for (const unsigned threads : {1u, 3u})
    for (const std::uint64_t count :
         {std::uint64_t{1}, std::uint64_t{memory.fan_in}, memory.fan_in + std::uint64_t{1},
          std::uint64_t{100}, std::uint64_t{700}})
      check_merge(count, threads, plan);
}

TEST(RunsForecast, NothingIsSpilledThatFits) {
  MemoryPlan plan;
  plan.sort_bytes = 100;
  EXPECT_EQ(forecast_runs(100, 50, plan).runs, 0u);
  EXPECT_EQ(forecast_runs(101, 50, plan).runs, 2u);
  EXPECT_EQ(forecast_runs(1000, 500, plan).runs, 10u);
  EXPECT_EQ(forecast_runs(1000, 500, plan).bytes, 500u);
}

/// Records of 100 bytes with keys of 10, sorted by 8 threads: each entry refers to its record.
std::string paper_row(std::uint64_t data_bytes, std::uint64_t memory_bytes) {
  constexpr unsigned kThreads = 8;
  constexpr std::uint64_t kRecord = 100, kPairHead = 5;
  const MemoryPlan plan = MemoryPlan::make(memory_bytes, kThreads, {});
  const std::uint64_t records = data_bytes / kRecord;
  const RunsForecast runs = forecast_runs(records * (SortBuffer::kBytesPerEntry + kRecord),
                                          records * (kRecord + kPairHead), plan);
  const MergeForecast merge = forecast_merge(runs, plan, kThreads, SpillCompression::automatic);
  return fmt::format(
      "| {} | {} | {} of {} | {} of {} at once | {} | {} | {} + {} | {} each, {} in all |",
      size_text(data_bytes), size_text(memory_bytes), runs.runs, size_text(runs.bytes / runs.runs),
      merge.fan_in, merge.merges_at_once, merge.passes + 1, merge.peak_files,
      size_text(merge.peak_bytes), size_text(data_bytes),
      size_text(merge.fan_in * merge.cursor_bytes), size_text(merge.memory_bytes));
}

TEST(PaperEstimate, IsTheTableInTheMapOfTheCode) {
  const std::string readme = read_file(MRUN_RUNNER_FOLDER "/README.md");
  for (const std::uint64_t terabytes : {std::uint64_t{1}, std::uint64_t{10}})
    for (const std::uint64_t memory : {512 * kMiB, 1024 * kMiB, 4096 * kMiB}) {
      const std::string row = paper_row(terabytes << 40, memory);
      EXPECT_NE(readme.find(row), std::string::npos) << row;
    }
}

}  // namespace
}  // namespace mrun
