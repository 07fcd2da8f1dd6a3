// Block codec: blocks come back as they were, and junk is refused without touching foreign bytes.
#include "codec/block_codec.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::Random;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

TEST(BlockCodec, GivesBackWhatItTook) {
  Random random(test_support::test_seed());
  for (int i = 0; i < 200; ++i) {
    const std::string raw = test_support::random_words(random, random.between(1, 100000), 50);
    std::vector<std::byte> stored(raw.size() * 2 + 100);
    const std::size_t size = lz4_compress(bytes_of(raw), stored);
    ASSERT_GT(size, 0u);
    std::string back(raw.size(), '?');
    ASSERT_TRUE(lz4_decompress({stored.data(), size}, std::as_writable_bytes(std::span(back))));
    ASSERT_EQ(back, raw);
    // Neither more nor less than there is.
    std::string other(raw.size() + 1, '?');
    EXPECT_FALSE(lz4_decompress({stored.data(), size}, std::as_writable_bytes(std::span(other))));
    other.resize(raw.size() - 1);
    EXPECT_FALSE(lz4_decompress({stored.data(), size}, std::as_writable_bytes(std::span(other))));
  }
}

TEST(BlockCodec, GivesUpWhereTheRoomIsTooSmall) {
  Random random(test_support::test_seed());
  std::string raw(10000, '\0');
  for (char& byte : raw) byte = static_cast<char>(random.below(256));
  std::vector<std::byte> stored(9000);
  EXPECT_EQ(lz4_compress(bytes_of(raw), stored), 0u);
}

TEST(BlockCodec, RefusesJunk) {
  Random random(test_support::test_seed());
  for (std::uint64_t i = 0; i < test_support::scaled(2000); ++i) {
    std::vector<std::byte> junk(random.below(300));
    for (std::byte& byte : junk) byte = static_cast<std::byte>(random.below(256));
    std::vector<std::byte> raw(random.below(2000) + 70000);
    EXPECT_FALSE(lz4_decompress(junk, raw));
  }
}

}  // namespace
}  // namespace mrun
