// The hashes are those of XXH3, whatever the pieces in which the bytes come.
#include "base/hash.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace mrun {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

TEST(Hash64, IsXxh3) {
  // Written by `xxhsum -H3`; a change would move every key to another partition.
  EXPECT_EQ(hash64(bytes_of("")), 0x2d06800538d394c2u);
  EXPECT_EQ(hash64(bytes_of("hello")), 0x9555e8555c62dcfdu);
}

TEST(Hash64, DependsOnTheSeed) {
  EXPECT_NE(hash64(bytes_of("hello"), 1), hash64(bytes_of("hello"), 0));
}

TEST(Digest128, PrintsAsXxhsumDoes) {
  EXPECT_EQ(digest128(bytes_of("hello")).hex(), "b5e9c1ad071b3e7fc779cfaa5e523818");
  EXPECT_EQ(digest128({}).hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ((Digest128{1, 0xab}.hex()), "000000000000000100000000000000ab");
}

TEST(Hash128Stream, GivesTheDigestOfTheWholeForAnyPieces) {
  std::mt19937_64 random(7);
  for (const std::size_t size : {0u, 1u, 16u, 17u, 240u, 241u, 1024u, 65537u, 300000u}) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    Hash128Stream stream;
    for (std::size_t at = 0; at < size;) {
      const std::size_t piece = std::min<std::size_t>(size - at, random() % 9000);
      stream.update(bytes_of(text).subspan(at, piece));
      at += piece;
    }
    Hash128Stream moved = std::move(stream);
    EXPECT_EQ(moved.digest(), digest128(bytes_of(text))) << "size " << size;
  }
}

}  // namespace
}  // namespace mrun
