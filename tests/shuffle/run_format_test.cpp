// Format: RUN_FORMAT.md's worked example is what the writer writes and the reader reads.
#include "shuffle/run_format.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "shuffle/runs.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

using namespace test_support;

/// The bytes of the document's hex dump: lines of an offset of four digits, two blanks, and bytes.
std::string bytes_of_document() {
  std::string bytes;
  for (const std::string& line : lines_of(read_file(MRUN_RUNNER_FOLDER "/shuffle/RUN_FORMAT.md"))) {
    if (line.size() < 8 || line.find_first_not_of("0123456789abcdef") != 4 ||
        line.substr(4, 2) != "  ")
      continue;
    EXPECT_EQ(std::stoul(line.substr(0, 4), nullptr, 16), bytes.size()) << line;
    for (std::size_t at = 6; at + 2 <= line.size() && line[at] != ' '; at += 3)
      bytes += static_cast<char>(std::stoul(line.substr(at, 2), nullptr, 16));
  }
  return bytes;
}

std::string hex_dump(const std::string& bytes) {
  std::string dump;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (at % 16 == 0) dump += fmt::format("{:04x}  ", at);
    const bool last = at % 16 == 15 || at + 1 == bytes.size();
    dump += fmt::format("{:02x}{}", static_cast<unsigned char>(bytes[at]), last ? '\n' : ' ');
  }
  return dump;
}

TEST(RunFormat, IsWhatItsDocumentShows) {
  MemoryBudget budget(1 << 30);
  const Partitions partitions = {{0, {{"apple", "1", 0}, {"pear", "22", 300}}},
                                 {2, {{"seventeen letters", "", 1}}}};
  MemoryFile file;
  const auto run = write_run(budget, file, 0, kBlockBytesMin, partitions);
  ASSERT_TRUE(run);
  const std::string documented = bytes_of_document();
  EXPECT_EQ(hex_dump(file.bytes), hex_dump(documented));

  file.bytes = documented;
  const auto opened = Run::open(budget, file, 0, documented.size());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE(*read_run(budget, *opened, partitions) == partitions);
}

TEST(RunFormat, RefusesAnotherVersion) {
  MemoryBudget budget(1 << 30);
  MemoryFile file;
  const auto run = write_run(budget, file, 0, kBlockBytesMin, {});
  file.bytes[8] = static_cast<char>(kRunVersion + 1);
  const auto opened = Run::open(budget, file, 0, run->end());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::integrity);
  EXPECT_NE(opened.error().message.find("version"), std::string::npos);
}

TEST(RunFormat, PairsOfAllLengthsComeBack) {
  Random random(test_seed());
  for (std::size_t klen = 0; klen < 300; ++klen) {
    const Record record{std::string(klen, static_cast<char>(random.below(256))),
                        std::string(klen / 3, 'v'),
                        static_cast<std::uint32_t>(random.below(UINT32_MAX) >> random.below(32))};
    const Pair pair = pair_of(record);
    std::vector<std::uint8_t> block(encoded_pair_bytes(pair) + kDecodeSlackBytes, 0xee);
    std::uint8_t* const key = encode_pair_head(pair, block.data());
    std::memcpy(key, record.key.data(), klen);
    std::memcpy(key + klen, record.value.data(), record.value.size());
    const std::uint8_t* at = block.data();
    const std::uint8_t* const end = at + block.size() - kDecodeSlackBytes;
    ASSERT_EQ(key + klen + record.value.size(), end);
    std::vector<Pair> decoded(2);
    ASSERT_EQ(decode_pairs(at, end, decoded), 1u);
    ASSERT_EQ(at, end);
    ASSERT_EQ(record_of(decoded[0]), record);
    ASSERT_TRUE(decoded[0].k0 == pair.k0 && decoded[0].k1 == pair.k1);
  }
}

TEST(RunFormat, APrefixAgreesWithTheKey) {
  // What lies after a short key must not leak into its prefix.
  const std::uint8_t block[] = {3, 0, 0, 'a', 'b', 'c', 3, 0, 0, 'a', 'b', 'd', 0, 0, 0};
  std::vector<std::uint8_t> padded(std::begin(block), std::end(block));
  padded.resize(padded.size() + kDecodeSlackBytes, 0xff);
  const std::uint8_t* at = padded.data();
  std::vector<Pair> pairs(4);
  ASSERT_EQ(decode_pairs(at, at + sizeof block, pairs), 3u);
  EXPECT_EQ(pairs[0].k0, 0x6162630000000000u);
  EXPECT_EQ(pairs[1].k0, 0x6162640000000000u);
  EXPECT_EQ(pairs[2].k0, 0u);
  EXPECT_EQ(pairs[0].k1 | pairs[1].k1 | pairs[2].k1, 0u);
}

TEST(RunFormat, NumbersOfMoreThan32BitsAreRefused) {
  for (const int last : {0x0f, 0x10, 0x8f}) {
    std::vector<std::uint8_t> block = {
        0, 0, 0xff, 0xff, 0xff, 0xff, static_cast<std::uint8_t>(last)};
    const std::size_t size = block.size();
    block.resize(size + kDecodeSlackBytes);
    const std::uint8_t* at = block.data();
    std::vector<Pair> pairs(1);
    EXPECT_EQ(decode_pairs(at, at + size, pairs).has_value(), last == 0x0f);
  }
}

}  // namespace
}  // namespace mrun
