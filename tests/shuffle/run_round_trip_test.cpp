// Runs: whatever is written is read back, by the writer's own description and from the file alone.
#include <gtest/gtest.h>

#include "os/storage.hpp"
#include "shuffle/runs.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr std::size_t kPlenty = std::size_t{1} << 30;

/// Writes `partitions`, reads them back in both ways, and gives the run's description.
Run expect_round_trip(MemoryBudget& budget, StorageFile& file, std::uint64_t offset,
                      std::size_t block_bytes, const Partitions& partitions) {
  auto run = write_run(budget, file, offset, block_bytes, partitions);
  EXPECT_TRUE(run) << run.error().message;
  const Result<Partitions> read = read_run(budget, *run, partitions);
  EXPECT_TRUE(read) << read.error().message;
  EXPECT_TRUE(*read == partitions);

  const auto opened = Run::open(budget, file, run->begin(), run->end());
  EXPECT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE((opened->footer() == run->footer()));
  EXPECT_TRUE(std::equal(opened->index().begin(), opened->index().end(), run->index().begin(),
                         run->index().end()));
  const Result<Partitions> again = read_run(budget, *opened, partitions);
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_TRUE(*again == partitions);

  std::uint64_t pairs = 0;
  for (const auto& [partition, records] : partitions) pairs += records.size();
  EXPECT_EQ(run->pair_count(), pairs);
  return *std::move(run);
}

TEST(RunRoundTrip, OfNothing) {
  MemoryBudget budget(kPlenty);
  MemoryFile file;
  const auto run = expect_round_trip(budget, file, 0, kBlockBytesMin, {});
  EXPECT_EQ(run.size_bytes(), kRunHeaderBytes + kRunFooterBytes);
  EXPECT_TRUE(read_partition(budget, run, 0)->empty());
}

TEST(RunRoundTrip, OfRandomPairs) {
  for (std::uint64_t i = 0; i < scaled(200); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    Partitions partitions;
    const std::size_t value_max = random.pick(std::vector<std::size_t>{0, 1, 30, 3000, 20000});
    for (std::uint64_t part = random.below(4); part > 0; --part)
      partitions[static_cast<std::uint32_t>(random.below(1000))] = random_records(
          random, random.between(1, 400), value_max, random.one_in(2) ? 3 : 1u << 31);
    MemoryBudget budget(kPlenty);
    {
      MemoryFile file;
      const std::size_t block_bytes = random.between(kBlockBytesMin, kBlockBytesMin * 4);
      expect_round_trip(budget, file, random.below(100000), block_bytes, partitions);
    }
    ASSERT_EQ(budget.used_bytes(), 0u);
  }
}

TEST(RunRoundTrip, OfRunsOneAfterAnotherInAFileOnDisk) {
  const auto storage = make_disk_storage();
  const TempFolder folder;
  auto file = storage->create_scratch(folder.path());
  ASSERT_TRUE(file) << file.error().message;
  MemoryBudget budget(kPlenty);
  Random random(test_seed());
  std::vector<mrun::Run> runs;
  std::vector<Partitions> models;
  std::uint64_t offset = 0;
  for (int i = 0; i < 5; ++i) {
    models.push_back(
        {{0, random_records(random, 2000, 1000, 9)}, {7, random_records(random, 10, 9, 9)}});
    runs.push_back(expect_round_trip(budget, **file, offset, kBlockBytesMax, models.back()));
    EXPECT_EQ(runs.back().begin(), offset);
    offset = runs.back().end();
  }
  for (std::size_t i = 0; i < runs.size(); ++i)
    EXPECT_TRUE(*read_run(budget, runs[i], models[i]) == models[i]);
}

TEST(RunRoundTrip, OfThousandsOfPartitions) {
  MemoryBudget budget(kPlenty);
  MemoryFile file;
  Random random(test_seed());
  Partitions partitions;
  // More blocks than the index lists, so that most of them are found by walking.
  for (std::uint32_t partition = 0; partition < 9000; ++partition)
    partitions[partition * 2 + 1] = random_records(random, 3, 20, 4);
  const auto run = expect_round_trip(budget, file, 5, kBlockBytesMin, partitions);
  EXPECT_EQ(run.footer().index_stride, 4u);
  EXPECT_LE(run.index().size(), kIndexEntriesMax);
  for (std::uint32_t partition = 0; partition < 18002; partition += 2) {
    const auto none = read_partition(budget, run, partition);
    ASSERT_TRUE(none) << none.error().message;
    EXPECT_TRUE(none->empty());
  }
}

TEST(RunRoundTrip, OfPairsAroundAndAboveTheSizeOfABlock) {
  MemoryBudget budget(kPlenty);
  const std::size_t block = kBlockBytesMin;
  // A 3-byte length, two of one byte, and a key of one byte.
  const std::size_t exact = block - 3 - 1 - 1 - 1;
  for (const std::size_t size :
       {exact - 1, exact, exact + 1, block, 2 * block, kChecksumPieceBytes - 6, kChecksumPieceBytes,
        3 * kChecksumPieceBytes + 17}) {
    SCOPED_TRACE(size);
    MemoryFile file;
    const std::string large(size, 'v');
    const Partitions partitions = {
        {0, {{"a", "small", 1}, {"b", large, 1}, {"c", "", 1}, {"d", large, 1}, {"d", large, 2}}},
        {1, {{"", large, 0}, {large, "", 0}, {large, large, 0}}},
        {2, {{"last", "", 0}}}};
    const auto run = expect_round_trip(budget, file, 0, block, partitions);
    for (const BlockHeader& header : run.index())
      EXPECT_TRUE(header.raw_bytes <= block || header.pair_count == 1);
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(RunWriter, ChargesNoMoreThanItSays) {
  for (const std::size_t block : {kBlockBytesMin, std::size_t{300000}, kBlockBytesMax}) {
    MemoryBudget budget(RunWriter::memory_bytes(block));
    MemoryFile file;
    Random random(test_seed());
    const Partitions partitions = {{3, random_records(random, 500, 50000, 5)},
                                   {4, {{"k", std::string(3 * block, 'x'), 0}}}};
    auto run = write_run(budget, file, 0, block, partitions);
    ASSERT_TRUE(run) << run.error().message;
    MemoryBudget reading(RunCursor::memory_bytes(block));
    EXPECT_TRUE(*read_partition(reading, *run, 3) == partitions.at(3));
  }
}

TEST(RunWriter, ListsFewerBlocksWhereMemoryIsShort) {
  MemoryBudget budget(RunWriter::memory_bytes(kBlockBytesMin));
  MemoryBudget plenty(kPlenty);
  MemoryFile file;
  Records records;
  for (int i = 0; i < 1000; ++i)
    records.push_back(
        {"a common beginning " + std::to_string(10000 + i), std::string(30000, 'x'), 0});
  const auto run = write_run(budget, file, 0, kBlockBytesMin, {{1, records}});
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->footer().index_stride, 64u);
  EXPECT_LE(run->index().size(), 8u);
  EXPECT_TRUE(*read_partition(plenty, *run, 1) == records);
  for (int i = 0; i < 1000; i += 7) {
    const KeyRange range{records[static_cast<std::size_t>(i)].key, "", true, false};
    EXPECT_TRUE(*read_partition(plenty, *run, 1, range) == within(records, range)) << i;
  }
}

TEST(RunWriter, CompressesWhereASampleShrinks) {
  MemoryBudget budget(kPlenty);
  Random random(test_seed());
  Records words, noise;
  for (int i = 0; i < 3000; ++i) {
    const std::string key = std::to_string(10000 + i);
    words.push_back({key, "the quick brown fox jumps over the lazy dog, " + key, 0});
    std::string value(1000, '\0');
    for (char& byte : value) byte = static_cast<char>(random.below(256));
    noise.push_back({key, value, 0});
  }
  MemoryFile file;
  const auto small = expect_round_trip(budget, file, 0, kBlockBytesMin, {{0, words}});
  EXPECT_LT(small.size_bytes(), small.raw_bytes() / 2);
  for (const BlockHeader& header : small.index()) EXPECT_EQ(header.codec, BlockCodec::lz4);
  const auto large = expect_round_trip(budget, file, 0, kBlockBytesMin, {{0, noise}});
  EXPECT_LT(large.size_bytes(), large.raw_bytes() * 101 / 100);
  for (const BlockHeader& header : large.index()) EXPECT_EQ(header.codec, BlockCodec::raw);
}

TEST(RunWriter, WritesInLargePieces) {
  MemoryBudget budget(kPlenty);
  MemoryFile file;
  Random random(test_seed());
  const auto run =
      *write_run(budget, file, 0, kBlockBytesMin, {{0, random_records(random, 20000, 1000, 5)}});
  EXPECT_LE(file.writes, run.size_bytes() / (256 << 10) + 2);
}

TEST(RunWriter, PassesOnWhatTheFileSays) {
  class FullFile final : public StorageFile {
   public:
    Result<void> write_at(std::span<const std::byte>, std::uint64_t) override {
      return fail(Code::output, "full");
    }
    Result<void> read_at(std::span<std::byte>, std::uint64_t) override { return {}; }
    void start_writeback(std::uint64_t, std::uint64_t) override {}
    Result<void> sync() override { return {}; }
    Result<void> close() override { return {}; }
    const std::string& name() const override { return name_; }

   private:
    std::string name_ = "full-file";
  } file;
  MemoryBudget budget(kPlenty);
  const auto run = write_run(budget, file, 0, kBlockBytesMin, {{0, {{"k", "v", 0}}}});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, Code::output);
  const auto oversized =
      write_run(budget, file, 0, kBlockBytesMin, {{0, {{"k", std::string(1 << 20, 'x'), 0}}}});
  ASSERT_FALSE(oversized);
  EXPECT_EQ(oversized.error().code, Code::output);
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(RunCursor, SaysHowMuchMemoryAnOversizedPairNeeds) {
  MemoryBudget plenty(kPlenty);
  MemoryFile file;
  const Records records = {{"a", "1", 0}, {"b", std::string(1000000, 'x'), 0}};
  const auto run = *write_run(plenty, file, 0, kBlockBytesMin, {{0, records}});
  MemoryBudget tight(RunCursor::memory_bytes(kBlockBytesMin) + 900000);
  const auto read = read_partition(tight, run, 0);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::limit);
  EXPECT_NE(read.error().message.find("'memory-file' needs 97"), std::string::npos)
      << read.error().message;
  EXPECT_NE(read.error().hint.find("--memory"), std::string::npos);
  MemoryBudget enough(RunCursor::memory_bytes(kBlockBytesMin) + 1010000);
  EXPECT_TRUE(*read_partition(enough, run, 0) == records);
}

TEST(RunCursor, NeedsItsMemoryAtTheStart) {
  MemoryBudget plenty(kPlenty);
  MemoryFile file;
  const auto run = *write_run(plenty, file, 0, kBlockBytesMin, {{0, {{"a", "1", 0}}}});
  MemoryBudget tight(1000);
  PagePool pool(tight);
  const auto cursor = RunCursor::open(tight, pool, std::span(&run, 1), 0);
  ASSERT_FALSE(cursor);
  EXPECT_EQ(cursor.error().code, Code::limit);
}

}  // namespace
}  // namespace mrun
