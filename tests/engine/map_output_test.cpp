// MapOutput: workers that run out of memory side by side take none of each other's pairs.
#include "engine/map_output.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

#include "engine/faulty_storage.hpp"
#include "shuffle/emits.hpp"
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
  for (unsigned i = 0; i < kWorkers; ++i) ASSERT_TRUE((*output)->spill_rest(i));
  EXPECT_EQ((*output)->spilled_pairs(), pairs);
}

}  // namespace
}  // namespace mrun
