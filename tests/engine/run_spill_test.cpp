// Run spill: what several threads write of several sort buffers is one sorted run.
#include "engine/run_spill.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include "shuffle/filled_buffer.hpp"
#include "shuffle/run_reader.hpp"
#include "support/executors.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr std::size_t kPlenty = std::size_t{256} << 20;

/// Of the records within [low, high), as the run's readers give them.
Records read_range(MemoryBudget& budget, const SortedRun& run, std::uint32_t partition,
                   const KeyRange& range) {
  PagePool pool(budget);
  const auto cursor = RunCursor::open(budget, pool, run.segments, partition, range);
  EXPECT_TRUE(cursor);
  Result<Records> read = drain(**cursor);
  EXPECT_TRUE(read);
  return read ? *std::move(read) : Records();
}

/// Borders among and between the keys of `records`, ascending, and none at either end.
std::vector<KeyRange> random_ranges(Random& random, const Records& records) {
  std::vector<std::string> borders;
  for (std::uint64_t count = random.below(6); count > 0 && !records.empty(); --count)
    borders.push_back(random.one_in(2) ? random.pick(records).key : hard_key(random));
  std::sort(borders.begin(), borders.end());
  std::vector<KeyRange> ranges(1);
  for (const std::string& border : borders) {
    ranges.back().high = border;
    ranges.back().has_high = true;
    ranges.push_back({border, "", true, false});
  }
  return ranges;
}

// Goal: the segments together hold every partition's pairs in order, at any number of partitions,
// lanes and threads, and a reader finds any range of keys in them.
// Method: two runs into the same lanes, read back partition by partition and range by range.
TEST(RunSpill, SegmentsTogetherAreTheSortedWhole) {
  std::size_t segments_most = 0;
  for (std::uint64_t i = 0; i < scaled(25); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    const auto partitions =
        static_cast<std::uint32_t>(random.pick(std::vector<std::uint64_t>{1, 2, 3, 7, 64, 1000}));
    JobSpec spec;
    spec.has_group_lens = random.one_in(3);
    spec.has_partition = random.one_in(4);
    FilledBuffer f(partitions, spec);
    MemoryBudget writing(kPlenty);
    const StopFlag stop;
    const SortedCombiner no_combiner;
    std::vector<RunLane> lanes(1 + random.below(3));
    for (RunLane& lane : lanes) lane.file = std::make_unique<MemoryFile>();
    ThreadExecutor executor(static_cast<unsigned>(1 + random.below(3)));

    for (int run_number = 0; run_number < 2; ++run_number) {
      Records records = emitted_records(random, 1 + random.below(20'000), 3);
      if (random.one_in(2))  // A worker may come to an earlier task late.
        for (Record& record : records) record.task = 2 - record.task;
      f.fill(records, random);
      auto run = [&]() -> Result<SortedRun> {
        HeldEntries held{{f.spans()}, f.buffer.accepted(), f.buffer.size_bytes()};
        std::stable_sort(held.lists.front().begin(), held.lists.front().end(),
                         [](const auto& a, const auto& b) { return a.task < b.task; });
        MRUN_TRY_ASSIGN(const auto pieces, pieces_of_spill(f.memory, std::move(held), f.partitioner,
                                                           f.job, executor, stop));
        return spill_run(*pieces, lanes, {no_combiner, kBlockBytesMin, writing, writing, stop},
                         executor);
      }();
      ASSERT_TRUE(run) << run.error().message;
      f.buffer.clear();
      segments_most = std::max(segments_most, run->segments.size());
      EXPECT_EQ(run->pair_count(), records.size());
      f.memory.trim();
      EXPECT_EQ(f.budget.used_bytes(), 0u);

      for (std::uint32_t p = 0; p < partitions; ++p) {
        Records expected;
        for (const Record& record : records)
          if (partitions == 1 || partition_of(f.partitioner, record) == p)
            expected.push_back(record);
        expected = sorted(expected);
        ASSERT_TRUE(read_range(writing, *run, p, {}) == expected);
        Records whole;
        for (const KeyRange& range : random_ranges(random, expected)) {
          const Records part = read_range(writing, *run, p, range);
          whole.insert(whole.end(), part.begin(), part.end());
        }
        ASSERT_TRUE(whole == expected);
      }
    }
  }
  EXPECT_GE(segments_most, 4u);
}

// Goal: what no budget has is small also where there are as many partitions as a job may have.
// Method: the C library says what was allocated. It does not where a sanitizer allocates.
TEST(RunSpill, ManyPartitionsTakeFewBytesEach) {
  constexpr std::uint32_t kPartitions = 65'536;
  constexpr std::size_t kBytesMost = 96;
  FilledBuffer f(kPartitions, JobSpec{});
  Random random(test_seed());
  f.fill(emitted_records(random, 50'000, 3), random);
  const StopFlag stop;
  ThreadExecutor executor(2);
  const auto allocated = [] {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const std::size_t before = allocated();
  const auto pieces =
      pieces_of_spill(f.memory, {{f.spans()}, f.buffer.accepted(), f.buffer.size_bytes()},
                      f.partitioner, f.job, executor, stop);
  ASSERT_TRUE(pieces);
  EXPECT_LE(allocated() - before, kPartitions * kBytesMost);
  EXPECT_GE((*pieces)->plan().size(), kPartitions);
}

}  // namespace
}  // namespace mrun
