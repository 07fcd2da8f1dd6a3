// Goal: every compressed file comes back as it was, or is an error: nothing is silently cut (P21).
// Method: streams made by the formats' own libraries, alone and in a row, decoded in pieces of any
// size; then every truncation, and bytes changed or added.
#include "codec/decoder.hpp"

#include <bzlib.h>
#include <gtest/gtest.h>
#include <lzma.h>

#include <algorithm>
#include <string>
#include <vector>

#include "codec/frames.hpp"
#include "decoding.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr Compression kAll[] = {Compression::gzip, Compression::zstd, Compression::lz4,
                                Compression::bzip2, Compression::xz};

std::string stored(Compression compression, std::string_view text) {
  std::string out(text.size() * 2 + 4096, '\0');
  if (compression == Compression::bzip2) {
    auto size = static_cast<unsigned>(out.size());
    EXPECT_EQ(BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(text.data()),
                                       static_cast<unsigned>(text.size()), 1, 0, 0),
              BZ_OK);
    out.resize(size);
  } else if (compression == Compression::xz) {
    std::size_t size = 0;
    EXPECT_EQ(lzma_easy_buffer_encode(
                  0, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const std::uint8_t*>(text.data()),
                  text.size(), reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size()),
              LZMA_OK);
    out.resize(size);
  } else {
    const auto size =
        compress_frame(compression, bytes_of(text), std::as_writable_bytes(std::span(out)));
    EXPECT_TRUE(size);
    out.resize(size ? *size : 0);
  }
  return out;
}

TEST(Decoder, GivesBackOneStreamOrManyHoweverTheyAreFed) {
  for (const Compression compression : kAll)
    for (std::uint64_t index = 0; index < 40; ++index) {
      Random random(case_seed(index));
      SCOPED_TRACE(case_seed(index));
      std::string text, file;
      for (std::uint64_t streams = random.between(1, 4); streams > 0; --streams) {
        const std::string one = text_to_compress(random);
        file += stored(compression, one);
        text += one;
        // Zeros may stand between the streams of xz, in fours.
        if (compression == Compression::xz) file.append(4 * random.below(3), '\0');
      }
      EXPECT_EQ(compression_of(bytes_of(file).first(std::min(file.size(), kMagicBytes))),
                compression);
      for (const std::size_t piece :
           {std::size_t{1}, std::size_t{7}, std::size_t{1000}, file.size() + 1}) {
        if (piece < 8 && file.size() > 20'000) continue;
        const auto back =
            content(compression, file, piece, random.pick<std::size_t>({1000, 70'000}));
        ASSERT_TRUE(back) << back.error().message;
        ASSERT_TRUE(*back == text);
      }
    }
}

/// A text that compresses to about half.
std::string letters(std::size_t size) {
  Random random(test_seed());
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>('a' + random.below(20));
  return text;
}

TEST(Decoder, FindsEveryTruncationAndWhatFollowsTheEnd) {
  const std::string text = letters(700);
  for (const Compression compression : kAll) {
    const std::string whole = stored(compression, text);
    for (std::size_t cut = 1; cut < whole.size(); ++cut)
      for (const std::string& file : {whole.substr(0, cut), whole + whole.substr(0, cut)}) {
        const auto back = content(compression, file, 100, 1000);
        ASSERT_FALSE(back) << static_cast<int>(compression) << " cut at " << cut;
        EXPECT_EQ(back.error().code, Code::integrity);
      }
    for (const std::string_view garbage : {"g", "garbage", "\n", "\x1f\x8b"})
      EXPECT_FALSE(content(compression, whole + std::string(garbage), 100, 1000))
          << static_cast<int>(compression) << garbage;
  }
}

TEST(Decoder, FindsChangedBytes) {
  const std::string text = letters(5000);
  for (const Compression compression : kAll) {
    const std::string whole = stored(compression, text);
    for (std::size_t at = 20; at + 20 < whole.size(); at += 17) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 0x55);
      EXPECT_FALSE(content(compression, changed, 100, 1000)) << at;
    }
  }
}

/// A frame that readers skip, as programs put them between frames for their own use.
std::string skippable(std::size_t size, unsigned number = 0) {
  std::string frame{static_cast<char>(0x50 + number), 0x2a, 0x4d, 0x18};
  for (unsigned shift = 0; shift < 32; shift += 8) frame += static_cast<char>(size >> shift & 0xff);
  return frame + std::string(size, 's');
}

TEST(Decoder, PassesFramesThatAreToBeSkipped) {
  const std::string text = letters(5000);
  for (const Compression compression : {Compression::zstd, Compression::lz4})
    for (const std::size_t size : {0u, 1u, 4u, 5u, 1000u, 70'000u})
      for (const std::size_t piece : {1u, 3u, 9u, 1000u, 1u << 20}) {
        const std::string frame = stored(compression, text), other = skippable(size, 15);
        const std::string file = skippable(3) + other + frame + other + other + frame + other;
        const auto back = content(compression, file, piece, 1000);
        ASSERT_TRUE(back) << size << ' ' << piece << back.error().message;
        EXPECT_TRUE(*back == text + text) << size << ' ' << piece;
        EXPECT_FALSE(content(compression, file + other.substr(0, 7), piece, 1000));
      }
}

TEST(Decoder, ReadsFramesOfBothFormatsInOneFile) {
  const std::string text = letters(3000);
  const std::string file = skippable(20) + stored(Compression::lz4, text) +
                           stored(Compression::zstd, text) + stored(Compression::lz4, text);
  for (const Compression compression : {Compression::zstd, Compression::lz4})
    for (const std::size_t piece : {1u, 6u, 1u << 20}) {
      const auto back = content(compression, file, piece, 700);
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_TRUE(*back == text + text + text);
    }
}

// The libraries wait for more bytes than garbage may have.
TEST(Decoder, SaysAtTheFirstByteThatNoUnitBegins) {
  for (const Compression compression : kAll) {
    const std::string whole = stored(compression, letters(100));
    for (const std::string& garbage :
         {std::string("g"), std::string("\n"), std::string(11, 'x'), whole.substr(0, 1) + "g"}) {
      const auto back = content(compression, whole + garbage, 1000, 1000);
      ASSERT_FALSE(back);
      EXPECT_EQ(back.error().message.substr(0, 14), "bytes that are") << back.error().message;
    }
  }
}

TEST(Decoder, KnowsFormatsByTheirFirstBytes) {
  const auto of = [](std::string_view text) { return compression_of(bytes_of(text)); };
  for (const std::string_view text :
       {"", "B", "BZh", "BZh9 is no bzip2", "BZhello", "\x1f\x8b", "PK\3\4"})
    EXPECT_EQ(of(text), Compression::none) << text;
  EXPECT_EQ(of(skippable(4)), Compression::zstd);
  EXPECT_EQ(of(skippable(100'000, 7).substr(0, kMagicBytes)), Compression::zstd);
  EXPECT_EQ(of("\x02\x21\x4c\x18"), Compression::lz4);
}

}  // namespace
}  // namespace mrun
