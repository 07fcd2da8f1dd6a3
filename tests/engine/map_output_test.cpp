// MapOutput: workers that run out of memory side by side take none of each other's pairs.
#include "engine/map_output.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "engine/faulty_storage.hpp"
#include "engine/merge_phase.hpp"
#include "shuffle/emits.hpp"
#include "support/executors.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

using namespace test_support;

// Of a worker: all lie in its table until the flush. The first's are a few blocks of a sort buffer,
// the second's more than all of its memory.
constexpr std::array<int, 2> kKeys = {3'000, 30'000};
constexpr unsigned kWorkers = kKeys.size();

void fill(WorkerOutput& worker, unsigned number) {
  worker.begin_task(number);
  worker.begin_batch(nullptr);
  Records records;
  for (int i = 0; i < kKeys[number]; ++i) {
    records.push_back({std::to_string(i), number_bytes(1), 0});
    if (records.size() < 1000) continue;
    ASSERT_TRUE(worker.accept(Emits(records).batch()));
    records.clear();
  }
  ASSERT_TRUE(worker.end_task());
}

// Goal: a flush that finds no memory spills its own worker or one that is at rest, never one that
// another thread is flushing. Method: the second worker holds all memory and writes its first run
// when the first worker's flush begins, and goes on only when that has had time to go wrong.
TEST(MapOutput, AFlushLeavesAWorkerAloneThatIsFlushedElsewhere) {
  MemoryPlan::Needs needs;
  needs.combines = needs.fold_is_exact = true;
  MemoryPlan plan = MemoryPlan::make(kMemoryLeast + kThreadMemory, kWorkers, needs);
  plan.sort_bytes = std::size_t{1} << 20;
  const SpecJob job(summing_spec());
  const TempFolder folder;
  FaultyStorage storage;
  const StopFlag stop;
  ScratchSpace scratch(storage, {folder.path()});
  auto output = MapOutput::create({job, 3, plan, kWorkers, scratch, stop, 7});
  ASSERT_TRUE(output);
  std::vector<WorkerOutput*> workers;
  for (unsigned i = 0; i < kWorkers; ++i) {
    const auto worker = (*output)->take();
    ASSERT_TRUE(worker);
    workers.push_back(*worker);
  }
  // The last one to be taken is the first of the list.
  for (unsigned i = 0; i < kWorkers; ++i) fill(*workers[kWorkers - 1 - i], i);
  for (WorkerOutput* worker : workers) (*output)->give_back(worker);

  std::array<Result<void>, kWorkers> flushed;
  std::thread first;
  storage.scratch.write = [&](std::uint64_t call, auto&, auto&) {
    if (call != 0) return 1u;
    first = std::thread([&] { flushed[0] = (*output)->flush_table(0); });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return 1u;
  };
  flushed[1] = (*output)->flush_table(1);
  ASSERT_TRUE(first.joinable());
  first.join();

  for (const Result<void>& result : flushed) ASSERT_TRUE(result) << result.error().message;
  const std::uint64_t pairs = kKeys[0] + kKeys[1];
  ASSERT_TRUE((*output)->check_arrived(pairs));
  ThreadExecutor executor(kWorkers);
  const auto rest = (*output)->spill_rest(executor);
  ASSERT_TRUE(rest) << rest.error().message;
  // Keys that both have may have been folded to one pair of a run.
  EXPECT_GE((*output)->spilled_pairs(), static_cast<std::uint64_t>(kKeys[1]));
  EXPECT_LE((*output)->spilled_pairs(), pairs);
}

// Threads that emit pairs that stay apart, with memory for a small part of them.
struct MeetingWorkers {
  explicit MeetingWorkers(unsigned threads, std::uint64_t scratch_bytes = UINT64_MAX,
                          const PiecePlan* ranges = nullptr)
      : thread_count(threads), scratch(storage, {folder.path()}, scratch_bytes) {
    plan = MemoryPlan::make(std::size_t{64} << 20, threads, {});
    plan.sort_bytes = std::size_t{2} << 20;
    MapOutput::Setup setup{job, 3, plan, threads, scratch, stop, 7};
    setup.ranges = ranges;
    output = *MapOutput::create(setup);
  }

  static Records records_of(unsigned number) {
    Records records;
    for (unsigned i = 0; i < kPairs; ++i)
      records.push_back(
          {std::to_string(i % 1000), std::to_string(i) + std::string(20, 'v'), number});
    return records;
  }

  // As each thread found it. `before_batch` is called by thread `number` before its batch `index`.
  std::vector<Result<void>> emit(
      const std::function<void(unsigned number, std::size_t index)>& before_batch,
      const std::function<void()>& after_all = [] {}) {
    std::vector<Result<void>> outcomes(thread_count);
    std::vector<std::thread> threads;
    for (unsigned number = 0; number < thread_count; ++number)
      threads.emplace_back([&, number] {
        const Result<WorkerOutput*> worker = output->take();
        ASSERT_TRUE(worker);
        (*worker)->begin_task(number);
        (*worker)->begin_batch(nullptr);
        const Records records = records_of(number);
        for (std::size_t begin = 0; outcomes[number] && begin < kPairs; begin += kBatch) {
          before_batch(number, begin / kBatch);
          const auto first = records.begin() + static_cast<std::ptrdiff_t>(begin);
          outcomes[number] = (*worker)->accept(Emits(Records(first, first + kBatch)).batch());
        }
        output->give_back(*worker);
        after_all();
      });
    for (std::thread& thread : threads) thread.join();
    return outcomes;
  }

  // That all pairs are in the runs, in order.
  void expect_all() {
    ThreadExecutor executor(thread_count);
    ASSERT_TRUE(output->check_arrived(std::uint64_t{kPairs} * thread_count));
    ASSERT_TRUE(output->spill_rest(executor));
    RunSet set;
    set.runs = output->take_runs(set.files);
    std::vector<Records> expected(3);
    for (unsigned number = 0; number < thread_count; ++number)
      for (const Record& record : records_of(number)) {
        const Pair pair = pair_of(record);
        std::uint32_t part = 0;
        output->partitioner().assign(std::span(&pair, 1), std::span(&part, 1));
        expected[part].push_back(record);
      }
    for (std::uint32_t part = 0; part < 3; ++part) {
      MemoryBudget budget(std::size_t{64} << 20);
      PairTally tally{0};
      std::stable_sort(expected[part].begin(), expected[part].end(), before);
      RunCursors cursors(budget, set.runs);
      const auto merged = open_merge(budget, cursors, part, {}, tally);
      ASSERT_TRUE(merged);
      const Result<Records> records = drain(**merged);
      ASSERT_TRUE(records);
      EXPECT_TRUE(*records == expected[part]);
    }
  }

  static constexpr unsigned kPairs = 60'000;
  static constexpr std::size_t kBatch = 200;

  const unsigned thread_count;
  const SpecJob job;
  MemoryPlan plan;
  const TempFolder folder;
  FaultyStorage storage;
  const StopFlag stop;
  ScratchSpace scratch;
  std::unique_ptr<MapOutput> output;
};

// Goal: the runs that workers make together are as long as the memory, whatever their number.
TEST(MapOutput, WorkersThatMeetMakeLongRuns) {
  for (const unsigned threads : {1u, 2u, 6u}) {
    SCOPED_TRACE(threads);
    MeetingWorkers workers(threads);
    for (const Result<void>& outcome : workers.emit([](unsigned, std::size_t) {}))
      ASSERT_TRUE(outcome) << outcome.error().message;
    workers.expect_all();
    // Of each pair an entry, a sort item and 24 to 32 bytes of its value.
    const std::uint64_t bytes = std::uint64_t{MeetingWorkers::kPairs} * threads * 80;
    EXPECT_LE(workers.output->spilled_runs(), bytes / workers.plan.sort_bytes * 2 + 4);
  }
}

// Goal: ranges that sort buffers keep apart are written as any other entries, if memory ends after
// all, and not begun again. Method: several runs, the first of ranges, some of workers of both
// kinds.
TEST(MapOutput, RangesAreSpilledAsAllElse) {
  std::vector<KeyBorders> cuts;
  for (int partition = 0; partition < 3; ++partition)
    cuts.emplace_back(std::vector<std::string>{"2", "417", "9"});
  const PiecePlan ranges = PiecePlan::of_partitions(std::move(cuts));
  for (const unsigned threads : {1u, 2u, 6u}) {
    SCOPED_TRACE(threads);
    MeetingWorkers workers(threads, UINT64_MAX, &ranges);
    for (const Result<void>& outcome : workers.emit([](unsigned, std::size_t) {}))
      ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_GE(workers.output->spilled_runs(), 2u);
    workers.expect_all();
  }
}

// Goal: a worker whose user code is slow does not hold the others up, and loses nothing.
TEST(MapOutput, AMeetingDoesNotWaitForASlowWorker) {
  MeetingWorkers workers(3);
  std::atomic<unsigned> done{0};
  const auto outcomes = workers.emit([&](unsigned number, std::size_t index) {
    if (number != 0 && index == MeetingWorkers::kPairs / MeetingWorkers::kBatch - 1) ++done;
    if (number != 0 || index != 20) return;
    while (done < 2) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  for (const Result<void>& outcome : outcomes) ASSERT_TRUE(outcome) << outcome.error().message;
  workers.expect_all();
}

// Goal: where a run cannot be written all hear of it, also who comes late, and nobody spills again
// what the failed spill has left. Method: disks that are full sooner or later, and a worker that
// emits most when the others have failed.
TEST(MapOutput, AllHearThatTheDiskIsFull) {
  for (const std::uint64_t room : {1u, 100'000u, 600'000u}) {
    for (const bool has_late : {false, true}) {
      SCOPED_TRACE(std::to_string(room) + (has_late ? " and one is late" : ""));
      MeetingWorkers workers(4, room);
      std::atomic<unsigned> done{0};
      const auto outcomes = workers.emit(
          [&](unsigned number, std::size_t index) {
            while (has_late && number == 0 && index == 3 && done < 3)
              std::this_thread::sleep_for(std::chrono::milliseconds(1));
          },
          [&] { ++done; });
      unsigned failures = 0;  // A thread may have been done before.
      for (const Result<void>& outcome : outcomes) {
        if (outcome) continue;
        ++failures;
        EXPECT_EQ(outcome.error().code, Code::limit);
        EXPECT_NE(outcome.error().message.find("--tmp-limit"), std::string::npos)
            << outcome.error().message;
      }
      EXPECT_GE(failures, 1u);
      EXPECT_FALSE(has_late && outcomes[0]);
      ThreadExecutor executor(4);
      EXPECT_FALSE(workers.output->spill_rest(executor));
    }
  }
}

}  // namespace
}  // namespace mrun
