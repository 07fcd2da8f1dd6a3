// One small class a format over its own library; zstd and lz4 are in frame_decoder.cpp.
#include "codec/decoder.hpp"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "codec/decode_failures.hpp"
#include "codec/frame_decoder.hpp"
#include "codec/gzip_window.hpp"

namespace mrun {
namespace {

/// Hands `in` and `out` to a stream of zlib or bzip2, which count in 32 bits and take no const, and
/// says what `call` made of them.
template <typename Stream, typename Call>
Decoder::Step step_of(Stream& stream, std::span<const std::byte> in, std::span<std::byte> out,
                      const Call& call) {
  constexpr std::size_t kMost = std::size_t{1} << 30;
  const auto in_bytes = static_cast<unsigned>(std::min(in.size(), kMost));
  const auto out_bytes = static_cast<unsigned>(std::min(out.size(), kMost));
  stream.next_in = reinterpret_cast<decltype(stream.next_in)>(const_cast<std::byte*>(in.data()));
  stream.avail_in = in_bytes;
  stream.next_out = reinterpret_cast<decltype(stream.next_out)>(out.data());
  stream.avail_out = out_bytes;
  call();
  return {in_bytes - stream.avail_in, out_bytes - stream.avail_out};
}

class CopyDecoder final : public Decoder {
 public:
  Result<Step> step(std::span<const std::byte> in, std::span<std::byte> out) override {
    const std::size_t size = std::min(in.size(), out.size());
    if (size > 0) std::memcpy(out.data(), in.data(), size);
    return Step{size, size};
  }
  bool may_end() const override { return true; }
};

class GzipDecoder final : public Decoder {
 public:
  GzipDecoder() : has_memory_(inflateInit2(&stream_, kGzipWindowBits) == Z_OK) {}
  ~GzipDecoder() override { inflateEnd(&stream_); }

  Result<Step> step(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (!has_memory_) return no_memory();
    if (!is_open_ && in.empty()) return Step{};
    if (!magic_.fits(in)) return no_unit(Compression::gzip);
    int result = Z_OK;
    const Step step = step_of(stream_, in, out, [&] { result = inflate(&stream_, Z_NO_FLUSH); });
    if (result == Z_MEM_ERROR) return no_memory();
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
      return damaged(Compression::gzip, stream_.msg != nullptr ? stream_.msg : "it does not go on");
    is_open_ = result != Z_STREAM_END;
    magic_.passed(step.taken);
    if (!is_open_) {
      inflateReset(&stream_);
      magic_ = {};
    }
    return step;
  }
  bool may_end() const override { return !is_open_; }

 private:
  z_stream stream_{};
  MagicCheck<0x1f, 0x8b> magic_;
  bool has_memory_;
  bool is_open_ = false;
};

class Bzip2Decoder final : public Decoder {
 public:
  ~Bzip2Decoder() override { close(); }
  Bzip2Decoder() = default;

  Result<Step> step(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (!is_open_) {
      if (in.empty()) return Step{};
      stream_ = {};
      if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) return no_memory();
      is_open_ = true;
    }
    int result = BZ_OK;
    const Step step = step_of(stream_, in, out, [&] { result = BZ2_bzDecompress(&stream_); });
    if (result == BZ_STREAM_END) {
      close();
      return step;
    }
    if (result == BZ_MEM_ERROR) return no_memory();
    if (result == BZ_DATA_ERROR_MAGIC) return no_unit(Compression::bzip2);
    if (result != BZ_OK) return damaged(Compression::bzip2, "a block's checksum or form is wrong");
    return step;
  }
  bool may_end() const override { return !is_open_; }

 private:
  void close() {
    if (is_open_) BZ2_bzDecompressEnd(&stream_);
    is_open_ = false;
  }

  bz_stream stream_{};
  bool is_open_ = false;
};

class XzDecoder final : public Decoder {
 public:
  explicit XzDecoder(std::size_t memory_bytes) : memory_bytes_(memory_bytes) {}
  ~XzDecoder() override { lzma_end(&stream_); }

  Result<Step> step(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (!is_open_) {
      const std::size_t padding = has_streams_ ? padding_in(in) : 0;
      padding_bytes_ += padding;
      if (padding == in.size() || padding > 0) return Step{padding, 0};
      if (padding_bytes_ % 4 != 0)
        return damaged(Compression::xz, "padding that is no multiple of 4 bytes");
      padding_bytes_ = 0;
      if (lzma_stream_decoder(&stream_, memory_bytes_, 0) != LZMA_OK) return no_memory();
      is_open_ = true;
    }
    // liblzma looks at the first bytes when it has twelve of them, which garbage may not have.
    if (!magic_.fits(in)) return no_unit(Compression::xz);
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream_.avail_out = out.size();
    const lzma_ret result = lzma_code(&stream_, LZMA_RUN);
    const Step step{in.size() - stream_.avail_in, out.size() - stream_.avail_out};
    magic_.passed(step.taken);
    switch (result) {
      case LZMA_STREAM_END:
        is_open_ = false;
        has_streams_ = true;
        magic_ = {};
        return step;
      case LZMA_OK:
      case LZMA_BUF_ERROR:
        return step;
      case LZMA_MEM_ERROR:
        return no_memory();
      case LZMA_MEMLIMIT_ERROR:
        return window_too_large(Compression::xz, memory_bytes_);
      case LZMA_FORMAT_ERROR:
        return no_unit(Compression::xz);
      case LZMA_OPTIONS_ERROR:
        return damaged(Compression::xz, "it uses options that this liblzma does not know");
      default:
        return damaged(Compression::xz, kWrongForm);
    }
  }
  bool may_end() const override { return !is_open_ && padding_bytes_ % 4 == 0; }

 private:
  /// Zeros may stand between streams, in fours: each four is a place where the file may end.
  std::size_t padding_in(std::span<const std::byte> in) const {
    const std::size_t most = std::min<std::size_t>(in.size(), 4 - padding_bytes_ % 4);
    std::size_t size = 0;
    while (size < most && in[size] == std::byte{0}) ++size;
    return size;
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  MagicCheck<0xfd, '7', 'z', 'X', 'Z', 0> magic_;
  std::size_t memory_bytes_;
  std::uint64_t padding_bytes_ = 0;
  bool is_open_ = false;
  bool has_streams_ = false;  ///< One has ended.
};

}  // namespace

Compression compression_of(std::span<const std::byte> bytes) {
  const auto begins_with = [&](std::initializer_list<unsigned> magic) {
    return bytes.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), bytes.begin(),
                      [](unsigned a, std::byte b) { return std::byte(a) == b; });
  };
  if (begins_with({0x1f, 0x8b, 0x08})) return Compression::gzip;
  if (begins_with({0x28, 0xb5, 0x2f, 0xfd})) return Compression::zstd;
  if (begins_with({0x04, 0x22, 0x4d, 0x18})) return Compression::lz4;
  if (begins_with({0x02, 0x21, 0x4c, 0x18})) return Compression::lz4;  // The legacy format.
  if (skippable_frame_bytes(bytes)) return Compression::zstd;
  if (begins_with({0xfd, '7', 'z', 'X', 'Z', 0x00})) return Compression::xz;
  // "BZh" may begin a text, a digit and the block's magic or the end's hardly.
  if (begins_with({'B', 'Z', 'h'}) && bytes.size() >= 6 && bytes[3] >= std::byte{'1'} &&
      bytes[3] <= std::byte{'9'} &&
      ((bytes[4] == std::byte{0x31} && bytes[5] == std::byte{0x41}) ||
       (bytes[4] == std::byte{0x17} && bytes[5] == std::byte{0x72})))
    return Compression::bzip2;
  return Compression::none;
}

Result<std::unique_ptr<Decoder>> make_decoder(Compression compression, std::size_t memory_bytes,
                                              bool in_legacy_frame) {
  using Made = std::unique_ptr<Decoder>;
  switch (compression) {
    case Compression::gzip:
      return Made(std::make_unique<GzipDecoder>());
    case Compression::zstd:
    case Compression::lz4:
      return Made(make_frame_decoder(compression, memory_bytes, in_legacy_frame));
    case Compression::bzip2:
      return Made(std::make_unique<Bzip2Decoder>());
    case Compression::xz:
      return Made(std::make_unique<XzDecoder>(memory_bytes));
    case Compression::none:
      break;
  }
  return Made(std::make_unique<CopyDecoder>());
}

Result<void> decode(Decoder& decoder, std::span<const std::byte> in, std::span<std::byte> room,
                    const WriteDecoded& write) {
  for (;;) {
    MRUN_TRY_ASSIGN(const Decoder::Step step, decoder.step(in, room));
    in = in.subspan(step.taken);
    if (step.given > 0) MRUN_TRY(write(room.first(step.given)));
    if (step.taken == 0 && step.given == 0) return {};
  }
}

}  // namespace mrun
