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
#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::Random;

constexpr Compression kAll[] = {Compression::gzip, Compression::zstd, Compression::lz4,
                                Compression::bzip2, Compression::xz};

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

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

/// What `file` holds, taken in pieces of `piece` bytes into `room` bytes.
Result<std::string> content(Compression compression, const std::string& file, std::size_t piece,
                            std::size_t room) {
  MRUN_TRY_ASSIGN(const auto decoder, make_decoder(compression, decoder_bytes(compression)));
  std::vector<std::byte> buffer(room);
  std::string text;
  for (std::size_t at = 0; at < file.size(); at += piece)
    MRUN_TRY(decode(*decoder, bytes_of(file).subspan(at, std::min(piece, file.size() - at)), buffer,
                    [&](std::span<const std::byte> bytes) -> Result<void> {
                      text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                      return {};
                    }));
  if (!decoder->may_end()) return fail(Code::integrity, "it ends too early");
  return text;
}

std::string random_text(Random& random) {
  std::string text(random.below(random.one_in(3) ? 600'000 : 300), 'x');
  const std::uint64_t letters = random.one_in(2) ? 4 : 256;
  if (!random.one_in(4))
    for (char& c : text) c = static_cast<char>(random.below(letters));
  return text;
}

TEST(Decoder, GivesBackOneStreamOrManyHoweverTheyAreFed) {
  for (const Compression compression : kAll)
    for (std::uint64_t index = 0; index < 40; ++index) {
      Random random(test_support::case_seed(index));
      SCOPED_TRACE(test_support::case_seed(index));
      std::string text, file;
      for (std::uint64_t streams = random.between(1, 4); streams > 0; --streams) {
        const std::string one = random_text(random);
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

TEST(Decoder, FindsEveryTruncationAndWhatFollowsTheEnd) {
  Random random(test_support::test_seed());
  std::string text(700, ' ');
  for (char& c : text) c = static_cast<char>('a' + random.below(20));
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
  Random random(test_support::test_seed());
  std::string text(5000, ' ');
  for (char& c : text) c = static_cast<char>('a' + random.below(20));
  for (const Compression compression : kAll) {
    const std::string whole = stored(compression, text);
    for (std::size_t at = 20; at + 20 < whole.size(); at += 17) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 0x55);
      EXPECT_FALSE(content(compression, changed, 100, 1000)) << at;
    }
  }
}

TEST(Decoder, KnowsFormatsByTheirFirstBytes) {
  const auto of = [](std::string_view text) { return compression_of(bytes_of(text)); };
  for (const std::string_view text :
       {"", "B", "BZh", "BZh9 is no bzip2", "BZhello", "\x1f\x8b", "PK\3\4"})
    EXPECT_EQ(of(text), Compression::none) << text;
}

}  // namespace
}  // namespace mrun
