// Cursors one after another: each delivers what it would alone, and reads no block twice.
#include "shuffle/run_cursors.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "shuffle/runs.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr std::size_t kPlenty = std::size_t{1} << 30;

struct Reader {
  std::uint32_t partition;
  KeyRange range;
  std::unique_ptr<RunCursor> cursor;
  Records read;
};

/// `partitions` as a sorted run of one to three segments, with indexes thinned by chance.
SortedRun write_segments(Random& random, MemoryBudget& budget, MemoryFile& file,
                         const Partitions& partitions) {
  std::vector<Partitions> parts(1);
  std::size_t left = random.between(1, 200);
  for (const auto& [partition, records] : partitions)
    for (const Record& record : records) {
      if (left-- == 0 && parts.size() < 3) {
        parts.emplace_back();
        left = random.between(1, 200);
      }
      parts.back()[partition].push_back(record);
    }
  std::vector<Run> segments;
  for (const Partitions& part : parts) {
    auto run = write_run(budget, file, file.bytes.size(), kBlockBytesMin, part);
    EXPECT_TRUE(run);
    for (std::uint64_t thin = random.below(6); thin > 0; --thin) run->thin_index();
    segments.push_back(*std::move(run));
  }
  return SortedRun(std::move(segments));
}

// Goal: what a cursor has learnt for those after it never hides a pair, whichever partitions are
// missing, cut in two, or read at the same time. Method: some readers at once, in rising order.
TEST(RunCursors, DeliverWhatEachWouldAlone) {
  for (std::uint64_t i = 0; i < scaled(60); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    Partitions partitions;
    for (std::uint32_t partition = 0; partition < 60; ++partition)
      if (!random.one_in(3))
        partitions[partition] = random_records(random, random.between(1, 12), 9000, 3);
    MemoryBudget budget(kPlenty);
    MemoryFile file;
    const std::vector<SortedRun> runs = [&] {
      std::vector<SortedRun> one;
      one.push_back(write_segments(random, budget, file, partitions));
      return one;
    }();
    RunCursors cursors(budget, runs);
    std::deque<Reader> waiting;
    for (std::uint32_t partition = 0; partition < 62; ++partition) {
      KeyRange range;
      if (random.one_in(4)) {
        range.has_high = true;
        range.high = hard_key(random);
        waiting.push_back({partition, range, nullptr, {}});
        range = {range.high, "", true, false};
      }
      waiting.push_back({partition, range, nullptr, {}});
    }
    const std::size_t at_once = 1 + random.below(4);
    std::vector<Reader> open;
    while (!waiting.empty() || !open.empty()) {
      if (!waiting.empty() && open.size() < at_once) {
        open.push_back(std::move(waiting.front()));
        waiting.pop_front();
        auto cursor = cursors.open(0, open.back().partition, open.back().range);
        ASSERT_TRUE(cursor);
        open.back().cursor = *std::move(cursor);
      }
      const std::size_t chosen = random.below(open.size());
      Reader& reader = open[chosen];
      const auto batch = reader.cursor->next();
      ASSERT_TRUE(batch) << batch.error().message;
      for (const Pair& pair : *batch) reader.read.push_back(record_of(pair));
      if (!batch->empty()) continue;
      const auto wanted = partitions.find(reader.partition);
      ASSERT_TRUE(reader.read ==
                  (wanted == partitions.end() ? Records() : within(wanted->second, reader.range)))
          << reader.partition;
      cursors.close(0, *reader.cursor);
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(chosen));
    }
  }
}

TEST(RunCursors, OfVeryManyPartitionsReadEachBlockOnce) {
  Partitions partitions;
  for (std::uint32_t partition = 0; partition < 10'000; ++partition)
    partitions[partition] = {{"key", std::string(100, 'v'), 0}};
  MemoryBudget budget(kPlenty);
  MemoryFile file;
  std::vector<SortedRun> runs;
  runs.emplace_back(*write_run(budget, file, 0, kBlockBytesMin, partitions));
  for (int thin = 0; thin < 8; ++thin) runs.front().segments.front().thin_index();
  file.read_bytes = 0;
  RunCursors cursors(budget, runs);
  for (std::uint32_t partition = 0; partition < 10'000; ++partition) {
    const auto cursor = *cursors.open(0, partition, {});
    ASSERT_EQ(drain(*cursor)->size(), 1u);
    cursors.close(0, *cursor);
  }
  // A cursor begins with a window of headers of 16 KiB, and takes its block from the file again.
  EXPECT_LT(file.read_bytes, std::uint64_t{10'000} * (17 << 10));
}

}  // namespace
}  // namespace mrun
