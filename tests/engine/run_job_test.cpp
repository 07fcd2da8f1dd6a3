// Goal: a whole run gives the bytes of the naive model whatever the threads, memory and splits, and
// a run that fails or is stopped leaves nothing. Method: jobs in this process on plain threads, so
// that ThreadSanitizer sees every access.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "engine/job_run.hpp"
#include "support/executors.hpp"

namespace mrun {
namespace {

using test_support::InProcessSpec;
using test_support::JobRunFolder;
using test_support::JobShape;
using test_support::model_parts;
using test_support::Random;
using test_support::RunSetup;
using test_support::ThreadExecutor;
using test_support::words_text;

constexpr std::uint64_t kLeastMemory = std::uint64_t{34} << 20;

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

// Runs the job and compares every part; returns what the run said of itself.
RunInfo check_run(const RunSetup& setup, const std::string& text) {
  SCOPED_TRACE("shape " + std::to_string(static_cast<int>(setup.spec.shape)) + ", threads " +
               std::to_string(setup.threads) + ", memory " + std::to_string(setup.memory_bytes) +
               ", split " + std::to_string(setup.split_bytes) + ", partitions " +
               std::to_string(setup.partitions));
  JobRunFolder folder(text);
  ThreadExecutor executor(setup.threads);
  const auto storage = make_disk_storage();
  StopFlag stop;
  auto info = folder.run(setup, executor, *storage, stop);
  EXPECT_TRUE(info) << info.error().message;
  if (!info) return {};
  const auto expected = model_parts(setup.spec, text, setup.partitions);
  const auto parts = folder.parts();
  EXPECT_EQ(parts.size(), setup.partitions);
  // Not EXPECT_EQ: the bytes are too many to be shown.
  if (expected.size() == parts.size())
    EXPECT_TRUE(parts == expected) << "parts differ";
  else
    EXPECT_TRUE(joined(parts) == joined(expected)) << "outputs differ";
  return *std::move(info);
}

const std::vector<JobShape> kShapes = {JobShape::count, JobShape::join, JobShape::copy,
                                       JobShape::expand};

TEST(RunJob, GivesTheBytesOfTheModelForAllThreadsAndSplits) {
  const std::string text = words_text(1, 12'000, 1000);
  for (const JobShape shape : kShapes) {
    for (const unsigned threads : {1u, 2u, 3u, 8u}) {
      for (const std::uint64_t split : {0u, 7u, 1000u}) {
        RunSetup setup;
        setup.spec.shape = shape;
        setup.threads = threads;
        setup.split_bytes = split;
        setup.partitions = threads == 2 ? 1 : 5;
        check_run(setup, text);
      }
    }
  }
}

TEST(RunJob, GivesTheSameBytesWhenItSpills) {
  const std::string text = words_text(2, 20'000, 3000);
  for (const JobShape shape : {JobShape::count, JobShape::join}) {
    for (const unsigned threads : {1u, 4u, 8u}) {
      RunSetup setup;
      setup.spec.shape = shape;
      // Each pair is made long, so that few fill the memory.
      (shape == JobShape::count ? setup.spec.key_padding : setup.spec.value_padding) = 12'000;
      setup.threads = threads;
      setup.split_bytes = 500;
      setup.memory_bytes = kLeastMemory + (threads - 1) * (std::uint64_t{2} << 20);
      const RunInfo info = check_run(setup, text);
      EXPECT_EQ(info.threads, threads);
      EXPECT_GT(info.spilled_runs, 0u);
    }
  }
}

TEST(RunJob, MergesManyRunsInPasses) {
  RunSetup setup;
  setup.spec.shape = JobShape::join;
  setup.spec.value_padding = 40'000;
  setup.spec.repeats = 3;
  setup.threads = 2;
  setup.memory_bytes = std::uint64_t{36} << 20;
  setup.split_bytes = 2000;
  const RunInfo info = check_run(setup, words_text(3, 20'000, 100));
  EXPECT_GT(info.spilled_runs, 4u);
}

TEST(RunJob, TakesEmptyInputs) {
  for (const JobShape shape : kShapes) {
    RunSetup setup;
    setup.spec.shape = shape;
    check_run(setup, "");
    check_run(setup, "\n");
    check_run(setup, "last");
  }
}

TEST(RunJob, ReportsTheLowestFailureAndLeavesNothing) {
  const std::string text = words_text(4, 20'000, 500);
  for (const JobShape shape : kShapes) {
    for (int round = 0; round < 5; ++round) {
      RunSetup setup;
      setup.spec.shape = shape;
      setup.threads = 8;
      setup.split_bytes = 300;
      setup.hooks.before_record = [](std::string_view, std::uint64_t offset) -> Result<void> {
        if (offset < 12'000) return {};
        return fail(Code::job_failed, offset < 16'000 ? "lower" : "upper");
      };
      JobRunFolder folder(text);
      ThreadExecutor executor(setup.threads);
      const auto storage = make_disk_storage();
      StopFlag stop;
      const auto info = folder.run(setup, executor, *storage, stop);
      ASSERT_FALSE(info);
      EXPECT_EQ(info.error().code, Code::job_failed);
      EXPECT_EQ(info.error().message, "lower");
      EXPECT_TRUE(folder.is_clean());
    }
  }
}

// The outcome depends on when the stop comes; each of the two must be whole.
void check_stopped(JobRunFolder& folder, const RunSetup& setup, const std::string& text,
                   const Result<RunInfo>& info) {
  if (info) {
    EXPECT_TRUE(joined(folder.parts()) == joined(model_parts(setup.spec, text, setup.partitions)));
    return;
  }
  EXPECT_EQ(info.error().code, Code::cancelled) << info.error().message;
  EXPECT_TRUE(folder.is_clean());
}

TEST(RunJob, StoppedAtAnyTimeLeavesNothing) {
  const std::string text = words_text(5, 20'000, 500);
  Random random(test_support::test_seed());
  int cancelled = 0;
  for (std::uint64_t round = 0; round < test_support::scaled(40); ++round) {
    SCOPED_TRACE("seed " + std::to_string(test_support::test_seed()) + ", round " +
                 std::to_string(round));
    RunSetup setup;
    setup.spec.shape = random.pick(kShapes);
    setup.spec.value_padding = random.one_in(2) ? 12'000 : 0;
    setup.memory_bytes = std::uint64_t{48} << 20;
    setup.threads = 4;
    setup.split_bytes = 300;
    JobRunFolder folder(text);
    ThreadExecutor executor(setup.threads);
    const auto storage = make_disk_storage();
    StopFlag stop;
    const std::chrono::microseconds delay(random.below(10'000));
    std::thread stopper([&] {
      std::this_thread::sleep_for(delay);
      stop.stop(15);
    });
    const auto info = folder.run(setup, executor, *storage, stop);
    stopper.join();
    check_stopped(folder, setup, text, info);
    cancelled += info ? 0 : 1;
  }
  std::cout << cancelled << " runs were cancelled\n";
}

TEST(RunJob, StoppedWhileItMapsIsCancelled) {
  const std::string text = words_text(6, 20'000, 500);
  for (const JobShape shape : kShapes) {
    for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{9000}}) {
      RunSetup setup;
      setup.spec.shape = shape;
      setup.threads = 4;
      setup.split_bytes = 300;
      JobRunFolder folder(text);
      ThreadExecutor executor(setup.threads);
      const auto storage = make_disk_storage();
      StopFlag stop;
      setup.hooks.before_record = [&](std::string_view, std::uint64_t offset) -> Result<void> {
        if (offset >= at) stop.stop(15);
        return {};
      };
      const auto info = folder.run(setup, executor, *storage, stop);
      ASSERT_FALSE(info);
      EXPECT_EQ(info.error().code, Code::cancelled);
      EXPECT_TRUE(folder.is_clean());
    }
  }
}

}  // namespace
}  // namespace mrun
