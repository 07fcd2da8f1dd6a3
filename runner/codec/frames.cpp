#include "codec/frames.hpp"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <vector>

#include "base/check.hpp"

namespace mrun {
namespace {

constexpr int kGzipLevel = 6;
constexpr int kZstdLevel = 3;
constexpr int kGzipWindow = 15 + 16;  // With gzip's header and checksum.
constexpr std::size_t kReadBytes = std::size_t{128} << 10;

Failure no_memory() { return fail(Code::limit, "out of memory while compressing"); }
Failure damaged(const std::string& why) {
  return fail(Code::integrity, "compressed bytes are damaged: " + why);
}

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
  if (deflateInit2(&stream, kGzipLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
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

class PlainReader final : public FrameReader {
 public:
  Result<void> feed(std::span<const std::byte> bytes, const Write& write) override {
    return write(bytes);
  }
  Result<void> end() override { return {}; }
};

class GzipReader final : public FrameReader {
 public:
  GzipReader() : has_memory_(inflateInit2(&stream_, kGzipWindow) == Z_OK), out_(kReadBytes) {}
  ~GzipReader() override { inflateEnd(&stream_); }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  Result<void> feed(std::span<const std::byte> bytes, const Write& write) override {
    if (!has_memory_) return no_memory();
    stream_.next_in = zlib_bytes(bytes);
    stream_.avail_in = static_cast<uInt>(bytes.size());
    while (stream_.avail_in > 0) {
      stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
      stream_.avail_out = static_cast<uInt>(out_.size());
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return damaged(stream_.msg != nullptr ? stream_.msg : "gzip");
      MRUN_TRY(write(std::span(out_).first(out_.size() - stream_.avail_out)));
      is_open_ = result != Z_STREAM_END;
      if (!is_open_) inflateReset(&stream_);
    }
    return {};
  }
  Result<void> end() override {
    if (is_open_) return damaged("a gzip member does not end");
    return {};
  }

 private:
  z_stream stream_{};
  bool has_memory_;
  bool is_open_ = false;
  std::vector<std::byte> out_;
};

class ZstdReader final : public FrameReader {
 public:
  ZstdReader() : stream_(ZSTD_createDStream()), out_(kReadBytes) {}
  ~ZstdReader() override { ZSTD_freeDStream(stream_); }
  ZstdReader(const ZstdReader&) = delete;
  ZstdReader& operator=(const ZstdReader&) = delete;

  Result<void> feed(std::span<const std::byte> bytes, const Write& write) override {
    if (stream_ == nullptr) return no_memory();
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (in.pos < in.size || is_full_) {
      ZSTD_outBuffer out{out_.data(), out_.size(), 0};
      const std::size_t left = ZSTD_decompressStream(stream_, &out, &in);
      if (ZSTD_isError(left) != 0) return damaged(ZSTD_getErrorName(left));
      is_open_ = left != 0;
      is_full_ = is_open_ && out.pos == out.size;
      MRUN_TRY(write(std::span(out_).first(out.pos)));
    }
    return {};
  }
  Result<void> end() override {
    if (is_open_) return damaged("a zstd frame does not end");
    return {};
  }

 private:
  ZSTD_DStream* stream_;
  bool is_open_ = false;
  bool is_full_ = false;  // It may have more to give.
  std::vector<std::byte> out_;
};

class Lz4Reader final : public FrameReader {
 public:
  Lz4Reader() : out_(kReadBytes) {
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0)
      context_ = nullptr;
  }
  ~Lz4Reader() override { LZ4F_freeDecompressionContext(context_); }
  Lz4Reader(const Lz4Reader&) = delete;
  Lz4Reader& operator=(const Lz4Reader&) = delete;

  Result<void> feed(std::span<const std::byte> bytes, const Write& write) override {
    if (context_ == nullptr) return no_memory();
    for (std::size_t at = 0;;) {
      std::size_t taken = bytes.size() - at, given = out_.size();
      const std::size_t left =
          LZ4F_decompress(context_, out_.data(), &given, bytes.data() + at, &taken, nullptr);
      if (LZ4F_isError(left) != 0) return damaged(LZ4F_getErrorName(left));
      at += taken;
      if (taken > 0 || given > 0) is_open_ = left != 0;
      MRUN_TRY(write(std::span(out_).first(given)));
      if (at == bytes.size() && given < out_.size()) return {};
    }
  }
  Result<void> end() override {
    if (is_open_) return damaged("an lz4 frame does not end");
    return {};
  }

 private:
  LZ4F_dctx* context_ = nullptr;
  bool is_open_ = false;
  std::vector<std::byte> out_;
};

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

Result<std::unique_ptr<FrameReader>> make_frame_reader(Compression compression) {
  switch (compression) {
    case Compression::gzip:
      return std::unique_ptr<FrameReader>(std::make_unique<GzipReader>());
    case Compression::zstd:
      return std::unique_ptr<FrameReader>(std::make_unique<ZstdReader>());
    case Compression::lz4:
      return std::unique_ptr<FrameReader>(std::make_unique<Lz4Reader>());
    case Compression::none:
      break;
  }
  return std::unique_ptr<FrameReader>(std::make_unique<PlainReader>());
}

}  // namespace mrun
