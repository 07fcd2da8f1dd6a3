// Block codec over the lz4 and zstd libraries.
#include "codec/block_codec.hpp"

#define ZSTD_STATIC_LINKING_ONLY  // For contexts in memory of ours.
#include <lz4.h>
#include <zstd.h>

#include <algorithm>

#include "base/check.hpp"

namespace mrun {

static_assert(kLz4RawBytesMax == LZ4_MAX_INPUT_SIZE);

namespace {

/// Small blocks gain little from more.
constexpr int kZstdBlockLevel = 3;
/// Of blocks that are written once and read once: higher levels are slower than disks.
constexpr int kZstdFastLevel = 1;

}  // namespace

std::size_t lz4_compress(std::span<const std::byte> raw, std::span<std::byte> out) {
  MRUN_CHECK(raw.size() <= kLz4RawBytesMax);
  const int room = static_cast<int>(std::min(out.size(), kLz4RawBytesMax));
  const int stored =
      LZ4_compress_default(reinterpret_cast<const char*>(raw.data()),
                           reinterpret_cast<char*>(out.data()), static_cast<int>(raw.size()), room);
  return stored > 0 ? static_cast<std::size_t>(stored) : 0;
}

bool lz4_decompress(std::span<const std::byte> stored, std::span<std::byte> raw) {
  if (stored.size() > kLz4RawBytesMax || raw.size() > kLz4RawBytesMax) return false;
  const int made = LZ4_decompress_safe(
      reinterpret_cast<const char*>(stored.data()), reinterpret_cast<char*>(raw.data()),
      static_cast<int>(stored.size()), static_cast<int>(raw.size()));
  return made >= 0 && static_cast<std::size_t>(made) == raw.size();
}

void ZstdCompressor::Free::operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
void ZstdDecompressor::Free::operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }

Result<ZstdCompressor> ZstdCompressor::create() {
  ZstdCompressor made;
  made.context_.reset(ZSTD_createCCtx());
  if (made.context_ == nullptr)
    return fail(Code::limit, "the system has no memory to compress with");
  ZSTD_CCtx_setParameter(made.context_.get(), ZSTD_c_compressionLevel, kZstdBlockLevel);
  return made;
}

std::size_t ZstdCompressor::compress(std::span<const std::byte> raw, std::span<std::byte> out) {
  const std::size_t stored =
      ZSTD_compress2(context_.get(), out.data(), out.size(), raw.data(), raw.size());
  return ZSTD_isError(stored) != 0 ? 0 : stored;
}

bool ZstdDecompressor::decompress(std::span<const std::byte> stored, std::span<std::byte> raw) {
  if (context_ == nullptr) context_.reset(ZSTD_createDCtx());
  if (context_ == nullptr) return false;
  const std::size_t made =
      ZSTD_decompressDCtx(context_.get(), raw.data(), raw.size(), stored.data(), stored.size());
  return ZSTD_isError(made) == 0 && made == raw.size();
}

std::size_t zstd_compress_work_bytes(std::size_t raw_bytes_max) {
  return ZSTD_estimateCCtxSize_usingCParams(ZSTD_getCParams(kZstdFastLevel, raw_bytes_max, 0));
}

std::size_t zstd_compress(std::span<const std::byte> raw, std::span<std::byte> out,
                          std::span<std::byte> work) {
  ZSTD_CCtx* const context = ZSTD_initStaticCCtx(work.data(), work.size());
  MRUN_CHECK(context != nullptr);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kZstdFastLevel);
  const std::size_t stored =
      ZSTD_compress2(context, out.data(), out.size(), raw.data(), raw.size());
  return ZSTD_isError(stored) != 0 ? 0 : stored;
}

std::size_t zstd_decompress_work_bytes() { return ZSTD_estimateDCtxSize(); }

bool zstd_decompress(std::span<const std::byte> stored, std::span<std::byte> raw,
                     std::span<std::byte> work) {
  ZSTD_DCtx* const context = ZSTD_initStaticDCtx(work.data(), work.size());
  MRUN_CHECK(context != nullptr);
  const std::size_t made =
      ZSTD_decompressDCtx(context, raw.data(), raw.size(), stored.data(), stored.size());
  return ZSTD_isError(made) == 0 && made == raw.size();
}

}  // namespace mrun
