// Frames come back as they were, and are the same for the same bytes.
#include "codec/frames.hpp"

#include <gtest/gtest.h>

#include <string>

#include "decoding.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr Compression kAll[] = {Compression::gzip, Compression::zstd, Compression::lz4};

std::string frame(Compression compression, std::string_view text) {
  std::string out(frame_bytes_most(compression, text.size()), '\0');
  const auto size =
      compress_frame(compression, bytes_of(text), std::as_writable_bytes(std::span(out)));
  EXPECT_TRUE(size);
  out.resize(size ? *size : 0);
  return out;
}

TEST(Frames, ComeBackWhateverTheyHoldAndHowTheyAreFed) {
  for (const Compression compression : kAll)
    for (std::uint64_t index = 0; index < 60; ++index) {
      Random random(case_seed(index));
      SCOPED_TRACE(case_seed(index));
      std::string text, file;
      for (std::uint64_t frames = random.below(4); frames > 0; --frames) {
        const std::string one = text_to_compress(random);
        file += frame(compression, one);
        text += one;
      }
      for (const std::size_t piece :
           {std::size_t{1}, std::size_t{7}, std::size_t{1000}, file.size() + 1}) {
        if (piece < 8 && file.size() > 20'000) continue;
        const auto back = content(compression, file, piece, 5000);
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
