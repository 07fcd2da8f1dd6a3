// Damage: no flipped bit and no cut of a run goes unnoticed by who opens it and reads all of it.
#include <gtest/gtest.h>

#include "shuffle/runs.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr std::size_t kPlenty = std::size_t{1} << 30;
constexpr std::uint64_t kOffset = 13;

/// Small, with a compressed block, a raw one and empty keys and values.
Partitions small_partitions() {
  return {{0, {{"", "", 0}, {"", "", 1}, {std::string("\0", 1), "nul", 1}, {"key", "value", 300}}},
          {1, {{"a long key with a tail", std::string(300, 'v'), 0}, {"b", "w", 70000}}},
          {8, {{"\xff\xff", "\xff", 4000000000u}}}};
}

/// Several full blocks of a partition, all compressed to little.
Partitions full_blocks() {
  Records records;
  for (std::uint32_t i = 0; i < 40; ++i)
    records.push_back(
        {std::to_string(100 + i), std::string(7000, static_cast<char>('a' + i % 9)), i});
  return {{0, records}, {2, {{"only", "one", 7}}}, {3, records}};
}

struct Sample {
  const char* name;
  Partitions (*partitions)();
  std::size_t blocks;
  SpillCompression compression = SpillCompression::lz4;
};
void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.name; }

/// Opens and reads; the error's code, or none where nothing was noticed.
std::optional<Error> try_all(StorageFile& file, std::uint64_t end, const Partitions& partitions) {
  MemoryBudget budget(kPlenty);
  const auto run = Run::open(budget, file, kOffset, end);
  if (!run) return run.error();
  const Result<Partitions> read = read_run(budget, *run, partitions);
  if (!read) return read.error();
  EXPECT_TRUE(*read == partitions);
  return std::nullopt;
}

class RunDamage : public ::testing::TestWithParam<Sample> {
 protected:
  void SetUp() override {
    MemoryBudget budget(kPlenty);
    file_.bytes.assign(kOffset, '?');
    const auto run =
        write_run(budget, file_, kOffset, kBlockBytesMin, partitions_, {GetParam().compression});
    ASSERT_TRUE(run);
    PackingTally tally;
    MemoryFile other;
    ASSERT_TRUE(write_run(budget, other, kOffset, kBlockBytesMin, partitions_,
                          {GetParam().compression, nullptr, &tally}));
    ASSERT_GT(tally.packed_bytes, 0u) << "no block is compressed";
    ASSERT_EQ(run->footer().block_count, GetParam().blocks);
    end_ = run->end();
    ASSERT_EQ(file_.bytes.size(), end_);
    ASSERT_FALSE(try_all(file_, end_, partitions_));
  }

  const Partitions partitions_ = GetParam().partitions();
  MemoryFile file_;
  std::uint64_t end_ = 0;
};

TEST_P(RunDamage, EveryFlippedBitIsNoticed) {
  for (std::uint64_t at = kOffset; at < end_; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      file_.bytes[at] = static_cast<char>(file_.bytes[at] ^ (1 << bit));
      const auto error = try_all(file_, end_, partitions_);
      ASSERT_TRUE(error) << "byte " << at << " bit " << bit;
      ASSERT_EQ(error->code, Code::integrity);
      ASSERT_NE(error->message.find("memory-file"), std::string::npos);
      file_.bytes[at] = static_cast<char>(file_.bytes[at] ^ (1 << bit));
    }
  }
}

TEST_P(RunDamage, EveryTruncationOfTheFileIsNoticed) {
  const std::string whole = file_.bytes;
  for (std::uint64_t size = 0; size < whole.size(); ++size) {
    file_.bytes = whole.substr(0, size);
    const auto error = try_all(file_, end_, partitions_);
    ASSERT_TRUE(error) << size;
    ASSERT_EQ(error->code, Code::integrity);
  }
}

TEST_P(RunDamage, EveryWrongEndIsNoticed) {
  for (std::uint64_t end = kOffset; end < end_; ++end) {
    const auto error = try_all(file_, end, partitions_);
    ASSERT_TRUE(error) << end;
    ASSERT_EQ(error->code, Code::integrity);
  }
  file_.bytes += std::string(100, '\0');
  for (std::uint64_t end = end_ + 1; end <= end_ + 100; ++end)
    ASSERT_TRUE(try_all(file_, end, partitions_));
}

TEST_P(RunDamage, RemovedAndDoubledBytesAreNoticed) {
  const std::string whole = file_.bytes;
  for (std::uint64_t at = kOffset; at < end_; ++at) {
    file_.bytes = whole.substr(0, at) + whole.substr(at + 1);
    ASSERT_TRUE(try_all(file_, end_ - 1, partitions_)) << at;
    file_.bytes = whole.substr(0, at + 1) + whole.substr(at);
    ASSERT_TRUE(try_all(file_, end_ + 1, partitions_)) << at;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Of, RunDamage,
    ::testing::Values(Sample{"SmallBlocks", small_partitions, 3},
                      Sample{"FullBlocks", full_blocks, 11},
                      Sample{"SmallBlocksOfZstd", small_partitions, 3, SpillCompression::zstd},
                      Sample{"FullBlocksOfZstd", full_blocks, 11, SpillCompression::zstd}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(RunDamageOfBlocks, ABlockInAnothersPlaceIsNoticed) {
  // Two blocks of one size, each sound by itself, change places: also where the index lists
  // neither.
  Records records;
  for (int i = 0; i < 300; ++i)
    records.push_back({std::to_string(1000 + i), std::string(40000, 'x'), 0});
  for (const bool sparse : {false, true}) {
    MemoryBudget budget(sparse ? RunWriter::memory_bytes(kBlockBytesMin) : kPlenty);
    MemoryBudget plenty(kPlenty);
    MemoryFile file;
    const auto run = *write_run(budget, file, 0, kBlockBytesMin, {{0, records}});
    ASSERT_EQ(run.footer().index_stride, sparse ? 64u : 1u);
    const std::uint64_t first = run.index()[1].end();
    std::array<std::byte, kBlockHeaderBytes> bytes;
    ASSERT_TRUE(file.read_at(bytes, first));
    const BlockHeader header = *decode_block_header(bytes);
    const std::size_t size = header.end() - header.offset;
    const std::string one = file.bytes.substr(first, size);
    const std::string other = file.bytes.substr(first + size, size);
    file.bytes.replace(first, 2 * size, other + one);
    const auto read = read_partition(plenty, run, 0);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Code::integrity);
  }
}

TEST(RunDamageOfBlocks, EveryFlippedByteOfAnOversizedBlockIsNoticed) {
  MemoryBudget budget(kPlenty);
  MemoryFile file;
  const auto run = *write_run(budget, file, 0, kBlockBytesMin,
                              {{0, {{"key", std::string(2 * kChecksumPieceBytes + 999, 'x'), 0}}}});
  for (std::uint64_t at = kRunHeaderBytes; at < run.footer().index_offset; at += 997) {
    file.bytes[at] ^= 1;
    const auto read = read_partition(budget, run, 0);
    ASSERT_FALSE(read) << at;
    EXPECT_EQ(read.error().code, Code::integrity);
    file.bytes[at] ^= 1;
  }
  EXPECT_TRUE(read_partition(budget, run, 0));
}

TEST(RunDamageOfBlocks, JunkUnderSoundChecksumsIsRefused) {
  // Who can write checksums can write anything; then nothing may crash, and memory stays in bounds.
  for (std::uint64_t i = 0; i < scaled(3000); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    std::vector<std::uint8_t> block(random.below(60) + kDecodeSlackBytes);
    const std::size_t size = block.size() - kDecodeSlackBytes;
    for (std::uint8_t& byte : block)
      byte = static_cast<std::uint8_t>(random.one_in(3) ? random.below(256) : random.below(6));
    std::vector<Pair> pairs(8);
    const std::uint8_t* at = block.data();
    while (at < block.data() + size) {
      const auto count = decode_pairs(at, block.data() + size, pairs);
      if (!count) break;
      ASSERT_GT(*count, 0u);
      ASSERT_LE(at, block.data() + size);
      for (std::size_t k = 0; k < *count; ++k) ASSERT_LE(pairs[k].value + pairs[k].vlen, at);
    }
  }
}

}  // namespace
}  // namespace mrun
