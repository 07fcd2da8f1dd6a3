// Block codec: compresses and decompresses one block of bytes (lz4, zstd).
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/result.hpp"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace mrun {

/// lz4 takes no more than this at once; larger blocks are stored as they are.
constexpr std::size_t kLz4RawBytesMax = 0x7E000000;

/// Compresses `raw` into `out`. Returns the bytes written, or 0 where they do not fit: so `out` may
/// be as small as the result must be to be worth keeping.
std::size_t lz4_compress(std::span<const std::byte> raw, std::span<std::byte> out);

/// Decompresses `stored`; true if it held exactly `raw.size()` bytes. Never touches a byte outside
/// the two spans, whatever `stored` holds.
[[nodiscard]] bool lz4_decompress(std::span<const std::byte> stored, std::span<std::byte> raw);

/// Compresses blocks with zstd, one after another. Move-only; one thread at a time.
class ZstdCompressor {
 public:
  /// Memory that one takes for blocks of at most 64 KiB.
  static constexpr std::size_t kWorkBytes = std::size_t{1} << 20;

  /// Code::limit where memory is short.
  static Result<ZstdCompressor> create();
  /// As lz4_compress.
  std::size_t compress(std::span<const std::byte> raw, std::span<std::byte> out);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

/// Decompresses frames of zstd, one after another. Move-only; one thread at a time.
class ZstdDecompressor {
 public:
  /// As lz4_decompress; false where memory is short, too.
  [[nodiscard]] bool decompress(std::span<const std::byte> stored, std::span<std::byte> raw);

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;  ///< Made when it is first needed.
};

/// As lz4_compress and lz4_decompress, with zstd at its fastest, as one frame. `work`: 8-aligned
/// memory for the call alone, of `zstd_compress_work_bytes` for blocks of up to so many bytes, or
/// `zstd_decompress_work_bytes`: nothing else is allocated.
std::size_t zstd_compress_work_bytes(std::size_t raw_bytes_max);
std::size_t zstd_compress(std::span<const std::byte> raw, std::span<std::byte> out,
                          std::span<std::byte> work);
std::size_t zstd_decompress_work_bytes();
[[nodiscard]] bool zstd_decompress(std::span<const std::byte> stored, std::span<std::byte> raw,
                                   std::span<std::byte> work);

}  // namespace mrun
