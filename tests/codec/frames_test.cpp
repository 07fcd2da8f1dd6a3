// Frames come back as they were, and are the same for the same bytes.
#include "codec/frames.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "codec/decoder.hpp"
#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::Random;

constexpr Compression kAll[] = {Compression::gzip, Compression::zstd, Compression::lz4};

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string frame(Compression compression, std::string_view text) {
  std::string out(frame_bytes_most(compression, text.size()), '\0');
  const auto size =
      compress_frame(compression, bytes_of(text), std::as_writable_bytes(std::span(out)));
  EXPECT_TRUE(size);
  out.resize(size ? *size : 0);
  return out;
}

/// What a file holds, fed in pieces of `piece` bytes.
Result<std::string> content(Compression compression, const std::string& file, std::size_t piece) {
  MRUN_TRY_ASSIGN(const auto decoder, make_decoder(compression, decoder_bytes(compression)));
  std::vector<std::byte> room(5000);
  std::string text;
  const auto write = [&](std::span<const std::byte> bytes) -> Result<void> {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  };
  for (std::size_t at = 0; at < file.size(); at += piece)
    MRUN_TRY(decode(*decoder, bytes_of(file).subspan(at, std::min(piece, file.size() - at)), room,
                    write));
  if (!decoder->may_end()) return fail(Code::integrity, "it ends too early");
  return text;
}

TEST(Frames, ComeBackWhateverTheyHoldAndHowTheyAreFed) {
  for (const Compression compression : kAll)
    for (std::uint64_t index = 0; index < 60; ++index) {
      Random random(test_support::case_seed(index));
      SCOPED_TRACE(test_support::case_seed(index));
      std::string text, file;
      for (std::uint64_t frames = random.below(4); frames > 0; --frames) {
        std::string one(random.below(random.one_in(3) ? 600'000 : 300), 'x');
        const std::uint64_t letters = random.one_in(2) ? 4 : 256;
        if (!random.one_in(4))
          for (char& c : one) c = static_cast<char>(random.below(letters));
        file += frame(compression, one);
        text += one;
      }
      for (const std::size_t piece :
           {std::size_t{1}, std::size_t{7}, std::size_t{1000}, file.size() + 1}) {
        if (piece < 8 && file.size() > 20'000) continue;
        const auto back = content(compression, file, piece);
        ASSERT_TRUE(back) << back.error().message;
        ASSERT_TRUE(*back == text);
      }
    }
}

TEST(Frames, AreTheSameForTheSameBytes) {
  const std::string text(300'000, 'y');
  for (const Compression compression : kAll)
    EXPECT_EQ(frame(compression, text), frame(compression, text));
}

}  // namespace
}  // namespace mrun
