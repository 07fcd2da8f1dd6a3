// Ranges of a run: pieces cut at any borders hold every pair exactly once, in order.
#include <gtest/gtest.h>

#include <set>

#include "os/cache_drops.hpp"
#include "shuffle/key_borders.hpp"
#include "shuffle/runs.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr std::size_t kPlenty = std::size_t{1} << 30;

/// Borders among and between the keys of `records`, and inside them; ascending.
std::vector<KeyBorder> random_borders(Random& random, const Records& records) {
  std::vector<KeyBorder> borders;
  for (std::uint64_t count = random.below(8); count > 0; --count)
    borders.push_back({random.one_in(2) ? random.pick(records).key : hard_key(random),
                       static_cast<std::uint32_t>(random.below(5))});
  std::sort(borders.begin(), borders.end());
  return borders;
}

void set_low(KeyRange& range, const KeyBorder& border) {
  range.low = border.key;
  range.low_task = border.task;
  range.has_low = true;
}
void set_high(KeyRange& range, const KeyBorder& border) {
  range.high = border.key;
  range.high_task = border.task;
  range.has_high = true;
}

/// Pieces of neighbouring borders, read through cursors and compared with a filter.
void expect_pieces(MemoryBudget& budget, const Run& run, const Partitions& partitions,
                   Random& random) {
  for (const auto& [partition, records] : partitions) {
    const std::vector<KeyBorder> borders = random_borders(random, records);
    Records whole;
    for (std::size_t i = 0; i <= borders.size(); ++i) {
      KeyRange range;
      if (i > 0) set_low(range, borders[i - 1]);
      if (i < borders.size()) set_high(range, borders[i]);
      const Result<Records> piece = read_partition(budget, run, partition, range);
      ASSERT_TRUE(piece) << piece.error().message;
      ASSERT_TRUE(*piece == within(records, range));
      whole.insert(whole.end(), piece->begin(), piece->end());
    }
    ASSERT_TRUE(whole == records);
  }
}

TEST(RunRange, PiecesHoldEveryPairOnce) {
  for (std::uint64_t i = 0; i < scaled(60); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    // Large values, so that few pairs fill many blocks and many blocks begin with the same key.
    Partitions partitions;
    for (const std::uint32_t partition : {0u, 1u, 2u, 9u})
      if (!random.one_in(4))
        partitions[partition] = random_records(random, random.between(1, 100), 40000, 3);
    MemoryBudget budget(kPlenty);
    MemoryFile file;
    const auto run = write_run(budget, file, random.below(9), kBlockBytesMin, partitions);
    ASSERT_TRUE(run);
    for (int repeat = 0; repeat < 5; ++repeat) expect_pieces(budget, *run, partitions, random);
  }
}

TEST(RunRange, PiecesOfASparselyIndexedRunHoldEveryPairOnce) {
  Random random(test_seed());
  Partitions partitions;
  for (const std::uint32_t partition : {2u, 3u})
    partitions[partition] = random_records(random, 1500, 60000, 3);
  MemoryBudget short_of_memory(RunWriter::memory_bytes(kBlockBytesMin));
  MemoryBudget budget(kPlenty);
  MemoryFile file;
  const auto run = write_run(short_of_memory, file, 0, kBlockBytesMin, partitions);
  ASSERT_TRUE(run);
  ASSERT_GT(run->footer().index_stride, 8u);
  for (int repeat = 0; repeat < 6; ++repeat) expect_pieces(budget, *run, partitions, random);
}

TEST(RunRange, ReadsOnlyTheBlocksItNeeds) {
  // Every block outside the range is damaged, and nobody notices.
  MemoryBudget budget(kPlenty);
  MemoryFile file;
  Records records;
  for (int i = 1000; i < 2000; ++i)
    records.push_back({std::to_string(i), std::string(30000, 'x'), 0});
  const auto run = *write_run(budget, file, 0, kBlockBytesMin, {{0, records}});
  const KeyRange range{"1400", "1500", true, true};
  for (const BlockHeader& header : run.index())
    if (const auto first =
            record_of({header.first_k0, header.first_k1, 4, 0, nullptr, nullptr, 0}).key;
        first < "1390" || first >= "1500")
      file.bytes[header.offset + kBlockHeaderBytes] ^= 1;
  const auto piece = read_partition(budget, run, 0, range);
  ASSERT_TRUE(piece) << piece.error().message;
  EXPECT_TRUE(*piece == within(records, range));
  EXPECT_FALSE(read_partition(budget, run, 0));
}

/// A file in memory with a cache as a disk's files have it: all is in it at first, reading takes
/// bytes back there, and what is said to be read leaves it in whole pages.
class CachedFile final : public StorageFile {
 public:
  Result<void> write_at(std::span<const std::byte> from, std::uint64_t offset) override {
    for (std::uint64_t page = offset / CacheDrops::kPageBytes;
         page * CacheDrops::kPageBytes < offset + from.size(); ++page)
      pages_.insert(page);
    return file_.write_at(from, offset);
  }
  Result<void> read_at(std::span<std::byte> to, std::uint64_t offset) override {
    for (std::uint64_t at = offset; at < offset + to.size(); at += 4096) {
      const bool is_new = pages_.insert(at / CacheDrops::kPageBytes).second;
      bytes_read_again_ += is_new ? to.size() : 0;
    }
    return file_.read_at(to, offset);
  }
  void drop_cached(std::uint64_t offset, std::uint64_t size_bytes) override {
    drops_.add(offset, size_bytes, [this](std::uint64_t at, std::uint64_t) {
      pages_.erase(at / CacheDrops::kPageBytes);
    });
  }
  void start_writeback(std::uint64_t, std::uint64_t) override {}
  Result<void> sync() override { return {}; }
  Result<void> close() override { return {}; }
  const std::string& name() const override { return file_.name(); }

  std::size_t cached_pages() const { return pages_.size(); }
  std::uint64_t bytes_read_again() const { return bytes_read_again_; }
  std::uint64_t size_bytes() const { return file_.bytes.size(); }

 private:
  MemoryFile file_;
  CacheDrops drops_;
  std::set<std::uint64_t> pages_;
  std::uint64_t bytes_read_again_ = 0;
};

/// Reads all cursors to their ends, `turns` of them at a time, a batch each in turn.
void read_in_turns(std::vector<std::unique_ptr<RunCursor>> cursors, std::size_t turns) {
  std::vector<std::unique_ptr<RunCursor>> open;
  for (std::size_t next = 0; next < cursors.size() || !open.empty();) {
    while (open.size() < turns && next < cursors.size()) open.push_back(std::move(cursors[next++]));
    for (std::unique_ptr<RunCursor>& cursor : open) {
      const auto batch = cursor->next();
      ASSERT_TRUE(batch) << batch.error().message;
      if (batch->empty()) cursor.reset();
    }
    std::erase(open, nullptr);
  }
}

// Goal: a merge leaves nothing of its runs in the cache, and gives up nothing that is still to be
// read. Method: segments and pieces begin and end anywhere in pages, read one after another or
// side by side.
TEST(RunRange, WhatWasReadLeavesTheCacheAndNothingElse) {
  MemoryBudget budget(kPlenty);
  Partitions partitions;
  for (std::uint32_t partition = 0; partition < 8; ++partition)
    for (int i = 1000; i < 1300; ++i)
      partitions[partition].push_back({std::to_string(i), std::string(29000, 'x'), 0});
  for (const std::size_t turns : {1u, 2u, 5u}) {
    CachedFile file;
    std::vector<mrun::Run> segments;
    std::uint64_t end = 12345;
    for (const auto& [partition, records] : partitions) {
      segments.push_back(*write_run(budget, file, end, kBlockBytesMin, {{partition, records}},
                                    {SpillCompression::none}));
      end = segments.back().end();
    }
    ASSERT_GT(file.cached_pages(), 30u);
    PagePool pool(budget);
    std::vector<std::unique_ptr<RunCursor>> cursors;
    for (const auto& [partition, records] : partitions)
      for (const auto& [low, high] : {std::pair("1000", "1170"), std::pair("1170", "2")})
        cursors.push_back(
            *RunCursor::open(budget, pool, segments, partition, KeyRange{low, high, true, true}));
    read_in_turns(std::move(cursors), turns);
    EXPECT_LE(file.cached_pages(), 2u) << turns;  // The last ones, which the file does not fill.
    EXPECT_LT(file.bytes_read_again(), file.size_bytes() / 50) << turns;
  }
}

// Goal: bounds inside keys hold whichever side of a block's begin they lie on, and whatever of a
// key the block's header tells. Method: each pair has a block of its own, or all have one; every
// pair of bounds.
TEST(RunRange, OfEveryTwoBoundsInsideKeysHoldsWhatAFilterKeeps) {
  const std::vector<std::string> keys = {"",
                                         std::string(1, '\0'),
                                         "a",
                                         std::string(16, 'a'),
                                         std::string(17, 'a'),
                                         std::string(16, 'a') + "b"};
  Records records;
  std::vector<KeyBorder> bounds;
  for (const std::string& key : keys) {
    for (const std::uint32_t task : {0u, 2u, 4u})
      for (int i = 0; i < 2; ++i) records.push_back({key, "", task});
    for (std::uint32_t task = 0; task <= 5; ++task) bounds.push_back({key, task});
  }
  MemoryBudget budget(kPlenty);
  for (const std::size_t value_bytes : {std::size_t{1}, kBlockBytesMin / 2 + 1}) {
    for (std::size_t i = 0; i < records.size(); ++i)
      records[i].value = std::string(value_bytes, static_cast<char>('a' + i % 26));
    MemoryFile file;
    const auto run = *write_run(budget, file, 0, kBlockBytesMin, {{1, records}});
    ASSERT_EQ(run.footer().block_count, value_bytes == 1 ? 1u : records.size());
    for (std::size_t low = 0; low <= bounds.size(); ++low) {
      for (std::size_t high = 0; high <= bounds.size(); ++high) {
        KeyRange range;
        if (low < bounds.size()) set_low(range, bounds[low]);
        if (high < bounds.size()) set_high(range, bounds[high]);
        const auto piece = read_partition(budget, run, 1, range);
        ASSERT_TRUE(piece) << piece.error().message;
        ASSERT_TRUE(*piece == within(records, range)) << low << " " << high;
      }
    }
  }
}

TEST(RunRange, InsideAKeyReadsOnlyTheBlocksItNeeds) {
  // One key of 1000 tasks; all blocks but those of the range's tasks are damaged.
  MemoryBudget budget(kPlenty);
  MemoryFile file;
  Records records;
  for (std::uint32_t task = 0; task < 1000; ++task)
    records.push_back({"hot", std::string(30000, 'x'), task});
  const auto run = *write_run(budget, file, 0, kBlockBytesMin, {{0, records}});
  const KeyRange range{"hot", "hot", true, true, 400, 500};
  std::size_t damaged = 0;
  for (const BlockHeader& header : run.index()) {
    if (header.first_task >= 398 && header.first_task < 500) continue;
    file.bytes[header.offset + kBlockHeaderBytes] ^= 1;
    ++damaged;
  }
  EXPECT_GT(damaged, 400u);
  const auto piece = read_partition(budget, run, 0, range);
  ASSERT_TRUE(piece) << piece.error().message;
  EXPECT_TRUE(*piece == within(records, range));
  EXPECT_FALSE(read_partition(budget, run, 0));
}

TEST(RunRange, AnEmptyRangeIsEmpty) {
  MemoryBudget budget(kPlenty);
  MemoryFile file;
  const auto run = *write_run(budget, file, 0, kBlockBytesMin, {{0, {{"a", "", 0}, {"b", "", 0}}}});
  EXPECT_TRUE(read_partition(budget, run, 0, {"b", "b", true, true})->empty());
  EXPECT_TRUE(read_partition(budget, run, 0, {"", "", true, true})->empty());
  EXPECT_TRUE(read_partition(budget, run, 0, {"b", "b", true, true, 1, 1})->empty());
  EXPECT_TRUE(read_partition(budget, run, 0, {"c", "", true, false})->empty());
  EXPECT_EQ(read_partition(budget, run, 0, {"", "", true, false})->size(), 2u);
}

}  // namespace
}  // namespace mrun
