// Streams by the formats' own libraries.
#include "input/packing.hpp"

#include <bzlib.h>
#include <gtest/gtest.h>
#include <lz4.h>
#include <lzma.h>

#include <algorithm>
#include <span>

#include "codec/frames.hpp"

namespace mrun::test_support {
namespace {

std::string xz_stream(std::string_view text, std::size_t block_bytes) {
  std::string out(text.size() * 2 + text.size() / block_bytes * 200 + 4096, '\0');
  lzma_stream stream = LZMA_STREAM_INIT;
  EXPECT_EQ(lzma_easy_encoder(&stream, 0, LZMA_CHECK_CRC32), LZMA_OK);
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream.avail_out = out.size();
  do {
    const std::string_view block = text.substr(0, block_bytes);
    text.remove_prefix(block.size());
    stream.next_in = reinterpret_cast<const std::uint8_t*>(block.data());
    stream.avail_in = block.size();
    // A full flush ends a block.
    const lzma_action action = text.empty() ? LZMA_FINISH : LZMA_FULL_FLUSH;
    lzma_ret result = LZMA_OK;
    while (result == LZMA_OK) result = lzma_code(&stream, action);
    EXPECT_EQ(result, LZMA_STREAM_END);
  } while (!text.empty());
  out.resize(stream.total_out);
  lzma_end(&stream);
  return out;
}

std::string bzip2_stream(std::string_view text) {
  std::string out(text.size() * 2 + 4096, '\0');
  auto size = static_cast<unsigned>(out.size());
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(text.data()),
                                     static_cast<unsigned>(text.size()), 1, 0, 0),
            BZ_OK);
  out.resize(size);
  return out;
}

}  // namespace

std::string packed_stream(Compression compression, std::string_view text, std::size_t block_bytes) {
  if (compression == Compression::xz) return xz_stream(text, block_bytes);
  if (compression == Compression::bzip2) return bzip2_stream(text);
  std::string out(text.size() * 2 + 4096, '\0');
  const auto size = compress_frame(compression, std::as_bytes(std::span(text.data(), text.size())),
                                   std::as_writable_bytes(std::span(out)));
  EXPECT_TRUE(size);
  out.resize(size ? *size : 0);
  return out;
}

std::string packed_streams(Compression compression, std::string_view text, std::size_t stream_bytes,
                           std::size_t block_bytes) {
  std::string out;
  do {
    out += packed_stream(compression, text.substr(0, stream_bytes), block_bytes);
    text.remove_prefix(std::min(stream_bytes, text.size()));
  } while (!text.empty());
  return out;
}

std::string legacy_frame(std::string_view text, std::size_t block_bytes) {
  std::string out("\x02\x21\x4c\x18", 4);
  for (; !text.empty(); text.remove_prefix(std::min(block_bytes, text.size()))) {
    const int size = static_cast<int>(std::min(block_bytes, text.size()));
    std::string block(static_cast<std::size_t>(LZ4_compressBound(size)), '\0');
    const int stored =
        LZ4_compress_default(text.data(), block.data(), size, static_cast<int>(block.size()));
    EXPECT_GT(stored, 0);
    for (unsigned shift = 0; shift < 32; shift += 8)
      out += static_cast<char>(static_cast<unsigned>(stored) >> shift & 0xff);
    out.append(block, 0, static_cast<std::size_t>(stored));
  }
  return out;
}

}  // namespace mrun::test_support
