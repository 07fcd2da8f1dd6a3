#include "codec/frames.hpp"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <memory>

#include "base/check.hpp"
#include "codec/gzip_window.hpp"

namespace mrun {
namespace {

constexpr int kGzipLevel = 6;
constexpr int kZstdLevel = 3;

Failure no_memory() { return fail(Code::limit, "out of memory while compressing"); }
LZ4F_preferences_t lz4_preferences(std::size_t raw_bytes) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  preferences.frameInfo.contentSize = raw_bytes;
  return preferences;
}

/// zlib takes no const.
Bytef* zlib_bytes(std::span<const std::byte> bytes) {
  return reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
}

Result<std::size_t> compress_gzip(std::span<const std::byte> raw, std::span<std::byte> out) {
  z_stream stream{};
  if (deflateInit2(&stream, kGzipLevel, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return no_memory();
  stream.next_in = zlib_bytes(raw);
  stream.avail_in = static_cast<uInt>(raw.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = deflate(&stream, Z_FINISH);
  const std::size_t size = out.size() - stream.avail_out;
  deflateEnd(&stream);
  MRUN_CHECK(ended == Z_STREAM_END);
  return size;
}

Result<std::size_t> compress_zstd(std::span<const std::byte> raw, std::span<std::byte> out) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     &ZSTD_freeCCtx);
  if (context == nullptr) return no_memory();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kZstdLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  const std::size_t size =
      ZSTD_compress2(context.get(), out.data(), out.size(), raw.data(), raw.size());
  if (ZSTD_isError(size) != 0) return no_memory();
  return size;
}

}  // namespace

std::size_t frame_bytes_most(Compression compression, std::size_t raw_bytes) {
  switch (compression) {
    case Compression::gzip:
      return compressBound(raw_bytes) + 32;  // And gzip's header, which is longer than zlib's.
    case Compression::zstd:
      return ZSTD_compressBound(raw_bytes);
    case Compression::lz4: {
      const LZ4F_preferences_t preferences = lz4_preferences(raw_bytes);
      return LZ4F_compressFrameBound(raw_bytes, &preferences);
    }
    case Compression::none:
    case Compression::bzip2:
    case Compression::xz:
      break;
  }
  return raw_bytes;
}

Result<std::size_t> compress_frame(Compression compression, std::span<const std::byte> raw,
                                   std::span<std::byte> out) {
  MRUN_CHECK(out.size() >= frame_bytes_most(compression, raw.size()));
  if (compression == Compression::gzip) return compress_gzip(raw, out);
  if (compression == Compression::zstd) return compress_zstd(raw, out);
  MRUN_CHECK(compression == Compression::lz4);
  const LZ4F_preferences_t preferences = lz4_preferences(raw.size());
  const std::size_t size =
      LZ4F_compressFrame(out.data(), out.size(), raw.data(), raw.size(), &preferences);
  if (LZ4F_isError(size) != 0) return no_memory();
  return size;
}

}  // namespace mrun
