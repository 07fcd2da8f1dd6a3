// MapOutput's lists: what becomes of pairs that leave the tables of folding jobs again and again,
// or of keys that come and go.
#include <gtest/gtest.h>

#include <map>

#include "engine/faulty_storage.hpp"
#include "engine/map_output.hpp"
#include "shuffle/emits.hpp"
#include "support/executors.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr unsigned kWorkers = 2;

// Workers that emit many more different keys than their tables hold, and what becomes of them.
struct ManyKeys {
  explicit ManyKeys(std::size_t sort_bytes, const PiecePlan* ranges = nullptr) {
    MemoryPlan::Needs needs;
    needs.combines = needs.fold_is_exact = true;
    plan = MemoryPlan::make(std::size_t{256} << 20, kWorkers, needs);
    plan.table_share_bytes = std::size_t{1} << 20;
    plan.table_bytes = plan.table_share_bytes * kWorkers;
    plan.sort_bytes = sort_bytes;
    MapOutput::Setup setup{job, 3, plan, kWorkers, scratch, stop, 7};
    setup.ranges = ranges;
    auto made = MapOutput::create(setup);
    EXPECT_TRUE(made);
    if (made) output = *std::move(made);
  }

  // Each key comes kTimes from each worker, with `between` - 1 others in between; some are long.
  void emit(std::size_t between = kManyKeys) {
    std::vector<WorkerOutput*> workers;
    for (unsigned i = 0; i < kWorkers; ++i) workers.push_back(*output->take());
    for (unsigned number = 0; number < kWorkers; ++number) {
      WorkerOutput& worker = *workers[number];
      worker.begin_task(number);
      worker.begin_batch(nullptr);
      for (std::size_t first = 0; first < kManyKeys; first += between)
        for (unsigned time = 0; time < kTimes; ++time)
          for (std::size_t begin = first; begin < first + between; begin += 1000) {
            Records records;
            for (std::size_t i = begin; i < begin + 1000; ++i)
              records.push_back({key(i), number_bytes(i), 0});
            ASSERT_TRUE(worker.accept(Emits(records).batch()));
          }
      ASSERT_TRUE(worker.end_task());
    }
    for (WorkerOutput* worker : workers) output->give_back(worker);
    for (unsigned i = 0; i < kWorkers; ++i) ASSERT_TRUE(output->flush_table(i));
    ASSERT_TRUE(output->check_arrived(kPairs));
  }

  // Of all pairs in the sort buffers, by key: their sum, and how many there are.
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> sums() const {
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> found;
    for (const std::vector<EntrySpan>& list : output->held().lists)
      for (const EntrySpan& span : list)
        for (std::uint32_t i = span.begin; i < span.end; ++i) {
          const Record record = record_of(resolve(span.block->entries[i], span.task));
          auto& [sum, pairs] = found[record.key];
          sum += bytes_number(record.value);
          ++pairs;
        }
    return found;
  }

  static std::string key(std::size_t i) {
    return std::to_string(i) + (i % 50 == 0 ? "/a key that does not fit an entry" : "");
  }

  static constexpr std::size_t kManyKeys = 300'000;
  static constexpr unsigned kTimes = 5;
  static constexpr std::uint64_t kPairs = std::uint64_t{kManyKeys} * kTimes * kWorkers;

  const SpecJob job{summing_spec()};
  MemoryPlan plan;
  const TempFolder folder;
  FaultyStorage storage;
  const StopFlag stop;
  ScratchSpace scratch{storage, {folder.path()}};
  std::unique_ptr<MapOutput> output;
};

// Goal: pairs that went to lists by hash come out of them once a key, with the same sums. What
// workers held before lists were begun stays as it was.
TEST(MapOutput, FoldsListsToOnePairAKey) {
  ManyKeys many(std::size_t{192} << 20);
  ASSERT_NO_FATAL_FAILURE(many.emit());
  ASSERT_TRUE(many.output->has_lists());
  ThreadExecutor executor(kWorkers);
  const auto folded = many.output->fold_lists(executor);
  ASSERT_TRUE(folded) << folded.error().message;
  EXPECT_FALSE(many.output->has_lists());
  EXPECT_FALSE(many.output->has_runs());

  const auto sums = many.sums();
  ASSERT_EQ(sums.size(), ManyKeys::kManyKeys);
  std::uint64_t pairs = 0;
  for (std::size_t i = 0; i < ManyKeys::kManyKeys; ++i) {
    const auto& [sum, count] = sums.at(ManyKeys::key(i));
    ASSERT_EQ(sum, i * ManyKeys::kTimes * kWorkers) << ManyKeys::key(i);
    pairs += count;
  }
  EXPECT_EQ(pairs, many.output->held().sum.count());
  // About half a million pairs of each worker came before its lists.
  EXPECT_LT(pairs, ManyKeys::kPairs / 2);
}

// Goal: of keys that come and go, what leaves the tables is kept apart by ranges, with what came
// before, and nothing is lost; where keys recur it is not.
TEST(MapOutput, KeepsRangesApartOfKeysThatComeAndGo) {
  std::vector<KeyBorders> cuts;
  for (int partition = 0; partition < 3; ++partition)
    cuts.emplace_back(std::vector<std::string>{"2", "22", "26/x", "7"});
  const PiecePlan ranges = PiecePlan::of_partitions(std::move(cuts));
  ManyKeys many(std::size_t{192} << 20, &ranges);
  ASSERT_NO_FATAL_FAILURE(many.emit(3'000));
  ASSERT_FALSE(many.output->has_lists());
  const HeldEntries held = many.output->held();
  ASSERT_EQ(held.lists.size(), ranges.size());
  for (std::size_t range = 0; range < ranges.size(); ++range)
    for (const EntrySpan& span : held.lists[range])
      for (std::uint32_t i = span.begin; i < span.end; ++i)
        ASSERT_EQ(ranges.piece_of(span.block->parts[i], resolve(span.block->entries[i], 0)), range);
  const auto sums = many.sums();
  ASSERT_EQ(sums.size(), ManyKeys::kManyKeys);
  for (std::size_t i = 0; i < ManyKeys::kManyKeys; ++i)
    ASSERT_EQ(sums.at(ManyKeys::key(i)).first, i * ManyKeys::kTimes * kWorkers) << i;

  ManyKeys recurring(std::size_t{192} << 20, &ranges);
  ASSERT_NO_FATAL_FAILURE(recurring.emit());
  EXPECT_TRUE(recurring.output->has_lists());
  EXPECT_FALSE(recurring.output->held().are_ranges());
}

// Goal: where lists fill the memory, all goes to sorted runs, and nothing is lost.
TEST(MapOutput, ListsThatFillTheMemoryBecomeSortedRuns) {
  ManyKeys many(std::size_t{64} << 20);
  ASSERT_NO_FATAL_FAILURE(many.emit());
  ASSERT_TRUE(many.output->has_runs());
  ThreadExecutor executor(kWorkers);
  ASSERT_TRUE(many.output->fold_lists(executor));
  EXPECT_FALSE(many.output->has_lists());
  ASSERT_TRUE(many.output->spill_rest(executor));
  EXPECT_GT(many.output->spilled_pairs(), ManyKeys::kManyKeys);
  EXPECT_LT(many.output->spilled_pairs(), ManyKeys::kPairs);
}

// Goal: a pair that changes in a list is noticed.
TEST(MapOutput, NoticesAPairThatChangesInAList) {
  ManyKeys many(std::size_t{192} << 20);
  ASSERT_NO_FATAL_FAILURE(many.emit());
  ++many.output->hash_list(0).front().block->entries[0].v;
  ThreadExecutor executor(kWorkers);
  const auto folded = many.output->fold_lists(executor);
  ASSERT_FALSE(folded);
  EXPECT_EQ(folded.error().code, Code::integrity);
}

}  // namespace
}  // namespace mrun
