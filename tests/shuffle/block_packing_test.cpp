// Packing: every way of it gives back the same pairs, and `auto` packs where that is faster.
#include "shuffle/block_packing.hpp"

#include <gtest/gtest.h>

#include "shuffle/runs.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr std::size_t kPlenty = std::size_t{1} << 30;

/// Pairs that shrink to less than half, and pairs that do not shrink.
Records words(int count) {
  Records records;
  for (int i = 0; i < count; ++i)
    records.push_back({std::to_string(100000 + i),
                       "the quick brown fox jumps over the lazy dog, " + std::to_string(i), 0});
  return records;
}
Records noise(int count) {
  Random random(test_seed());
  Records records = words(count);
  for (Record& record : records) record.value.resize(300);
  for (Record& record : records)
    for (char& byte : record.value) byte = static_cast<char>(random.below(256));
  return records;
}

Result<mrun::Run> write_packed(MemoryBudget& budget, StorageFile& file, const SpillPacking& packing,
                               const Records& records) {
  MRUN_TRY_ASSIGN(RunWriter writer,
                  RunWriter::create(budget, file, 0, kBlockBytesMin, budget, packing));
  MRUN_TRY(writer.add(0, pairs_of(records)));
  return writer.finish();
}

std::vector<BlockCodec> codecs_of(const mrun::Run& run) {
  std::vector<BlockCodec> codecs;
  for (const BlockHeader& header : run.index()) codecs.push_back(header.codec);
  return codecs;
}

std::size_t count_of(const std::vector<BlockCodec>& codecs, BlockCodec codec) {
  return static_cast<std::size_t>(std::count(codecs.begin(), codecs.end(), codec));
}

TEST(BlockPacking, EveryWayGivesBackTheSamePairs) {
  for (const SpillCompression compression : {SpillCompression::automatic, SpillCompression::none,
                                             SpillCompression::lz4, SpillCompression::zstd}) {
    for (const Records& records : {words(20000), noise(20000)}) {
      SCOPED_TRACE(spill_compression_name(compression));
      WriteRate slow;
      slow.add(1, 1);
      // Writer and reader say beforehand how much memory they need.
      MemoryBudget budget(RunWriter::memory_bytes(kBlockBytesMin, compression) +
                          kIndexEntriesMax * sizeof(BlockHeader));
      MemoryFile file;
      const auto run = write_packed(budget, file, {compression, &slow}, records);
      ASSERT_TRUE(run) << run.error().message;
      MemoryBudget plenty(kPlenty);
      const auto opened = mrun::Run::open(plenty, file, 0, run->end());
      ASSERT_TRUE(opened) << opened.error().message;
      MemoryBudget reading(
          RunCursor::memory_bytes(kBlockBytesMin, compression == SpillCompression::zstd));
      for (const mrun::Run* each : {&*run, &*opened}) {
        const auto read = read_partition(reading, *each, 0);
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_TRUE(*read == records);
      }
    }
  }
}

TEST(BlockPacking, UsesTheCodecThatWasAskedForWhereItShrinks) {
  MemoryBudget budget(kPlenty);
  MemoryFile none, lz4, zstd, noisy;
  const Records records = words(20000);
  const auto raw = write_packed(budget, none, {SpillCompression::none}, records);
  const auto fast = write_packed(budget, lz4, {SpillCompression::lz4}, records);
  const auto small = write_packed(budget, zstd, {SpillCompression::zstd}, records);
  const auto large = write_packed(budget, noisy, {SpillCompression::zstd}, noise(20000));
  EXPECT_EQ(count_of(codecs_of(*raw), BlockCodec::raw), raw->index().size());
  EXPECT_EQ(count_of(codecs_of(*fast), BlockCodec::lz4), fast->index().size());
  EXPECT_EQ(count_of(codecs_of(*small), BlockCodec::zstd), small->index().size());
  EXPECT_EQ(count_of(codecs_of(*large), BlockCodec::raw), large->index().size());
  EXPECT_LT(fast->size_bytes(), raw->size_bytes() / 2);
  EXPECT_LT(small->size_bytes(), fast->size_bytes());
}

TEST(BlockPacking, AutomaticPacksForASlowDiskAndNotForAFastOne) {
  MemoryBudget budget(kPlenty);
  const Records records = words(20000);
  WriteRate unknown, fast, slow;
  fast.add(std::uint64_t{1} << 40, 1);
  slow.add(1 << 20, 100);
  for (const auto& [rate, codec] :
       {std::pair{&unknown, BlockCodec::raw}, {&fast, BlockCodec::raw}, {&slow, BlockCodec::lz4}}) {
    MemoryFile file;
    PackingTally tally;
    const auto run =
        write_packed(budget, file, {SpillCompression::automatic, rate, &tally}, records);
    ASSERT_TRUE(run);
    EXPECT_EQ(count_of(codecs_of(*run), codec), run->index().size());
    EXPECT_EQ(tally.raw_bytes, run->raw_bytes());
    EXPECT_EQ(tally.packed_bytes, codec == BlockCodec::raw ? 0 : run->raw_bytes());
  }
}

TEST(BlockPacking, PaysWhereTheDiskTakesLongerForWhatIsSavedThanTheProcessor) {
  constexpr double kDisk = 1e-9;  // Seconds a byte: 1 GB/s.
  // 1 MB saved is 2 ms of disk.
  EXPECT_TRUE(packing_pays(1'000'000, 0.0015, kDisk));
  EXPECT_FALSE(packing_pays(1'000'000, 0.0017, kDisk));
  EXPECT_FALSE(packing_pays(0, 0.001, 1));
  EXPECT_FALSE(packing_pays(1'000'000, 0.001, 0)) << "nothing was written yet";
}

TEST(BlockPacking, DoesWhatWasForecastUnlessThatIsFarOff) {
  constexpr double kDisk = 1e-9;
  // What is even without a forecast lies at 1.6 ms.
  EXPECT_TRUE(packing_pays(1'000'000, 0.0031, kDisk, true));
  EXPECT_FALSE(packing_pays(1'000'000, 0.0033, kDisk, true));
  EXPECT_FALSE(packing_pays(1'000'000, 0.0009, kDisk, false));
  EXPECT_TRUE(packing_pays(1'000'000, 0.0007, kDisk, false));
}

TEST(BlockPacking, EveryFlippedBitOfAZstdRunIsNoticed) {
  MemoryBudget budget(kPlenty);
  MemoryFile file;
  const Records records = words(60);
  const auto run = write_packed(budget, file, {SpillCompression::zstd}, records);
  ASSERT_EQ(count_of(codecs_of(*run), BlockCodec::zstd), 1u);
  for (std::uint64_t at = 0; at < file.bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      file.bytes[at] = static_cast<char>(file.bytes[at] ^ (1 << bit));
      const auto opened = mrun::Run::open(budget, file, 0, run->end());
      if (opened) {
        const auto read = read_partition(budget, *opened, 0);
        ASSERT_FALSE(read) << "byte " << at << " bit " << bit;
        ASSERT_EQ(read.error().code, Code::integrity);
      }
      file.bytes[at] = static_cast<char>(file.bytes[at] ^ (1 << bit));
    }
  }
}

}  // namespace
}  // namespace mrun
