// MapOutput: workers that run out of memory side by side take none of each other's pairs.
#include "engine/map_output.hpp"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "engine/faulty_storage.hpp"
#include "shuffle/emits.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr unsigned kWorkers = 2;
constexpr int kKeys = 60'000;  // Of each worker: all lie in its table until the flush.

JobSpec counting_spec() {
  JobSpec spec;
  spec.combine = CombineKind::lanes;
  spec.lanes = {LaneOp::sum_u64};
  spec.state_size = 8;
  return spec;
}

void fill(WorkerOutput& worker, unsigned number) {
  worker.begin_task(number);
  worker.begin_batch(nullptr);
  Records records;
  for (int i = 0; i < kKeys; ++i) {
    records.push_back({std::to_string(i * static_cast<int>(number + 1)), number_bytes(1), 0});
    if (records.size() < 1000) continue;
    ASSERT_TRUE(worker.accept(Emits(records).batch()));
    records.clear();
  }
  ASSERT_TRUE(worker.end_task());
}

// Goal: a flush that finds no memory spills its own worker or one that is at rest, never one that
// another thread is flushing. Method: flushes at once, with memory for a part of one table.
TEST(MapOutput, TablesAreFlushedSideBySideWhereMemoryIsShort) {
  MemoryPlan::Needs needs;
  needs.combines = needs.fold_is_exact = true;
  MemoryPlan plan = MemoryPlan::make(kMemoryLeast + kThreadMemory, kWorkers, needs);
  plan.sort_bytes = std::size_t{2} << 20;
  const SpecJob job(counting_spec());
  for (std::uint64_t round = 0; round < scaled(30); ++round) {
    const TempFolder folder;
    FaultyStorage storage;
    const StopFlag stop;
    auto output =
        MapOutput::create({job, 3, plan, kWorkers, storage, folder.path(), stop, case_seed(round)});
    ASSERT_TRUE(output);
    std::vector<WorkerOutput*> workers;
    for (unsigned i = 0; i < kWorkers; ++i) {
      const auto worker = (*output)->take();
      ASSERT_TRUE(worker);
      workers.push_back(*worker);
      fill(**worker, i);
    }
    for (WorkerOutput* worker : workers) (*output)->give_back(worker);

    std::array<Result<void>, kWorkers> flushed;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < kWorkers; ++i)
      threads.emplace_back([&, i] { flushed[i] = (*output)->flush_table(i); });
    for (std::thread& thread : threads) thread.join();
    for (const Result<void>& result : flushed) ASSERT_TRUE(result) << result.error().message;
    ASSERT_TRUE((*output)->check_arrived(std::uint64_t{kWorkers} * kKeys));
    ASSERT_TRUE((*output)->has_runs());
    for (unsigned i = 0; i < kWorkers; ++i) ASSERT_TRUE((*output)->spill_rest(i));
    EXPECT_EQ((*output)->spilled_pairs(), std::uint64_t{kWorkers} * kKeys);
  }
}

}  // namespace
}  // namespace mrun
