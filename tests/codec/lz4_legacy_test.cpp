// Goal: files in lz4's legacy format come back as they were, alone and beside frames of other
// formats; what is not whole is an error where the format lets one see it, and only there (P21).
// Method: blocks made by liblz4, of any size up to the format's 8 MiB, fed in pieces of any size;
// every truncation; sizes and blocks that no program writes.
#include "codec/lz4_legacy.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "codec/frames.hpp"
#include "decoding.hpp"
#include "input/packing.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr std::size_t kBlockText = std::size_t{8} << 20;

std::string word(std::uint32_t value) {
  std::string bytes;
  for (unsigned shift = 0; shift < 32; shift += 8)
    bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

std::string skippable(std::size_t size) {
  return word(0x184d2a53) + word(static_cast<std::uint32_t>(size)) + std::string(size, 's');
}

std::string legacy(std::string_view text, std::size_t block_bytes = kBlockText) {
  return legacy_frame(text, block_bytes);
}

std::string modern(std::string_view text, Compression compression = Compression::lz4) {
  return packed_stream(compression, text, 1000);
}

std::string noise(std::size_t size) {
  Random random(test_seed());
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>(random.below(256));
  return text;
}

void expect_text(const std::string& file, const std::string& text, std::size_t piece,
                 std::size_t room) {
  const auto back = content(Compression::lz4, file, piece, room);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(*back == text) << "pieces of " << piece << ", room for " << room;
}

TEST(Lz4Legacy, GivesBackBlocksOfAnySizeHoweverTheyAreFed) {
  for (std::uint64_t index = 0; index < 40; ++index) {
    Random random(case_seed(index));
    SCOPED_TRACE(case_seed(index));
    std::string text, file;
    for (std::uint64_t frames = random.between(1, 4); frames > 0; --frames) {
      const std::string one = text_to_compress(random);
      file += legacy(one, random.pick<std::size_t>({1, 300, 70'000, kBlockText}));
      text += one;
      if (file.size() > 2'000'000) break;
    }
    EXPECT_EQ(compression_of(bytes_of(file).first(std::min(file.size(), kMagicBytes))),
              Compression::lz4);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, file.size()})
      if (piece >= 8 || file.size() < 20'000)
        expect_text(file, text, piece, random.pick<std::size_t>({1000, 70'000}));
  }
}

// Those that cannot be compressed leave lz4 the least room between what it reads and writes.
TEST(Lz4Legacy, DecodesBlocksOfFullSize) {
  const std::string dense = noise(kBlockText);
  std::string half = dense;
  for (std::size_t i = 0; i < half.size(); ++i)
    if (i / 4096 % 2 == 0) half[i] = 'x';
  const std::string text =
      dense + std::string(kBlockText, '0') + half + dense.substr(5) + "the last";
  const std::string file = legacy(text);
  const auto place = next_legacy_place({4, true}, bytes_of(file).subspan(4, kLegacyHeadBytes));
  ASSERT_GT(place->at, 8 + kBlockText);
  expect_text(file, text, std::size_t{64} << 10, 100'000);
  expect_text(file, text, file.size(), text.size());
}

TEST(Lz4Legacy, StandsBesideFramesOfAllKinds) {
  const std::string text = noise(500) + std::string(2000, 'y');
  const std::vector<std::string> kinds{
      legacy(text), legacy(text, 700), modern(text),   modern(text, Compression::zstd),
      skippable(0), skippable(4),      skippable(900), legacy("")};
  for (std::uint64_t index = 0; index < 200; ++index) {
    Random random(case_seed(index));
    SCOPED_TRACE(case_seed(index));
    std::string file, wanted;
    for (std::uint64_t frames = random.between(2, 6); frames > 0; --frames) {
      const std::size_t kind = random.below(kinds.size());
      file += kinds[kind];
      if (kind < 4) wanted += text;
    }
    expect_text(file, wanted, random.pick<std::size_t>({1, 3, 100, file.size()}),
                random.pick<std::size_t>({10, 5000}));
  }
}

// The format has no end: between blocks, and behind a magic number, a file may have been cut.
TEST(Lz4Legacy, FindsEveryTruncationButThoseBetweenBlocks) {
  const std::string text = noise(100) + std::string(300, 'z');
  std::string file;
  std::map<std::size_t, std::string> ends{{0, ""}};  // Where it may end, and the text up to there.
  const auto add = [&](const std::string& unit, const std::string& more) {
    const std::string before = ends.rbegin()->second;
    file += unit;
    ends[file.size()] = before + more;
  };
  for (int round = 0; round < 2; ++round) {
    add(word(kLegacyMagic), "");
    for (int block = 0; block < 3; ++block) add(legacy(text).substr(4), text);
    add(modern(text), text);
    add(word(kLegacyMagic), "");
    add(legacy(text).substr(4), text);
    add(skippable(9), "");
  }
  for (std::size_t cut = 1; cut <= file.size(); ++cut)
    for (const std::size_t piece : {1u, 50u, 5000u}) {
      const auto back = content(Compression::lz4, file.substr(0, cut), piece, 1000);
      const auto end = ends.find(cut);
      ASSERT_EQ(back.has_value(), end != ends.end()) << cut;
      if (back) {
        EXPECT_EQ(*back, end->second) << cut;
      } else {
        EXPECT_EQ(back.error().message, "it ends too early") << cut;
      }
    }
}

TEST(Lz4Legacy, RefusesWhatIsNoBlock) {
  const std::string whole = legacy("some text");
  const std::string damage = "a damaged lz4 frame: a checksum or its form is wrong";
  const auto says = [&](const std::string& more, const std::string& message) {
    for (const std::size_t piece : {std::size_t{1}, more.size() + whole.size()}) {
      const auto back = content(Compression::lz4, whole + more, piece, 1000);
      ASSERT_FALSE(back);
      EXPECT_EQ(back.error().code, Code::integrity);
      EXPECT_EQ(back.error().message, message);
    }
  };
  says("\n", "it ends too early");
  says("garbage", "bytes that are no lz4 frame");
  says(word(kLegacyBlockMost + 1), "bytes that are no lz4 frame");
  says(word(0), damage);
  says(word(kLegacyBlockMost), "it ends too early");
  // One offset, into nothing.
  says(word(4) + std::string("\x10g\xff\xff", 4), damage);
  // It holds a byte more than a block may.
  says(legacy(std::string(kBlockText + 1, 'x'), kBlockText + 1).substr(4), damage);
  // Behind a frame that is skipped no block can follow.
  says(skippable(3) + whole.substr(4), "bytes that are no lz4 frame");
}

// Without sums some damage is other text; but that does not depend on how it is read.
TEST(Lz4Legacy, MakesTheSameOfDamageHoweverItIsFed) {
  const std::string text = noise(300) + std::string(20'000, 'w') + noise(300);
  const std::string whole = legacy(text + text + text, text.size()) + modern(text);
  std::size_t errors = 0;
  const std::uint64_t rounds = scaled(1000);
  for (std::uint64_t index = 0; index < rounds; ++index) {
    Random random(case_seed(index));
    SCOPED_TRACE(case_seed(index));
    std::string file = whole;
    for (std::uint64_t changes = random.between(1, 4); changes > 0; --changes)
      file[random.below(file.size())] = random.pick<char>({'\0', '\1', '\x7f', '\xff', 'w'});
    const auto one = content(Compression::lz4, file, file.size(), 100'000);
    const auto other = content(Compression::lz4, file, random.between(1, 900), 1000);
    ASSERT_EQ(one.has_value(), other.has_value());
    if (one) {
      ASSERT_TRUE(*one == *other);
      continue;
    }
    ++errors;
    ASSERT_EQ(one.error().message, other.error().message);
    ASSERT_EQ(one.error().code, Code::integrity);
  }
  EXPECT_GT(errors, rounds / 10);
}

TEST(Lz4Legacy, NeedsNoMoreMemoryThanItIsCountedFor) {
  EXPECT_LE(LegacyBlocks::memory_bytes(), decoder_bytes(Compression::lz4));
  const std::string file = skippable(3) + legacy("text");
  const auto decoder = *make_decoder(Compression::zstd, LegacyBlocks::memory_bytes() - 1);
  std::vector<std::byte> room(100);
  const auto done = decode(*decoder, bytes_of(file), room, [](auto) { return Result<void>(); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::limit);
}

// What cuts files into parts walks from place to place, and starts new decoders there.
TEST(Lz4Legacy, GoesOnFromAnyPlaceThatItsSizesName) {
  Random random(test_seed());
  const std::string text = noise(3000) + std::string(9000, 'q');
  std::string file;
  for (std::size_t i = 0; i < 4; ++i)
    file += legacy(text, random.between(100, 5000)) + (i % 2 == 0 ? skippable(i * 9) : "");
  const std::string all = text + text + text + text;
  std::size_t places = 0;
  LegacyPlace place;
  while (place.at < file.size()) {
    const auto decode_from = [&](std::size_t begin, std::size_t end, bool in_frame) {
      const auto decoder = *make_decoder(Compression::lz4, std::size_t{10} << 20, in_frame);
      std::vector<std::byte> room(700);
      std::string out;
      const auto done =
          decode(*decoder, bytes_of(file).subspan(begin, end - begin), room,
                 [&](std::span<const std::byte> bytes) -> Result<void> {
                   out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                   return {};
                 });
      EXPECT_TRUE(done) << begin << ' ' << done.error().message;
      EXPECT_TRUE(decoder->may_end());
      if (end < file.size()) {
        EXPECT_EQ(decoder->in_legacy_frame(), place.in_frame) << end;
      }
      return out;
    };
    const auto at = static_cast<std::size_t>(place.at);
    ASSERT_TRUE(decode_from(0, at, false) + decode_from(at, file.size(), place.in_frame) == all)
        << at;
    ++places;
    const std::size_t sight = std::min(file.size() - at, kLegacyHeadBytes);
    const auto next = next_legacy_place(place, bytes_of(file).subspan(at, sight));
    ASSERT_TRUE(next) << at;
    place = *next;
  }
  EXPECT_EQ(place.at, file.size());
  EXPECT_GT(places, 15u);
  const std::string other = modern(text);
  for (const bool in_frame : {false, true})
    EXPECT_FALSE(next_legacy_place({0, in_frame}, bytes_of(other).first(kLegacyHeadBytes)));
}

}  // namespace
}  // namespace mrun
