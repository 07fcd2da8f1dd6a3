// Frames: files of gzip, zstd and lz4 are written as a row of frames (members) that are whole by
// themselves.
#pragma once

#include <cstddef>
#include <span>

#include "base/compression.hpp"
#include "base/result.hpp"

namespace mrun {

/// The most that `compress_frame` writes for `raw_bytes`.
std::size_t frame_bytes_most(Compression compression, std::size_t raw_bytes);

/// Memory that `compress_frame` takes while it runs, at most.
constexpr std::size_t kFrameWorkBytes = std::size_t{3} << 20;

/// Compresses `raw` into one frame and returns its size. The same bytes give the same frame, on any
/// machine with the same version of the library. Code::limit where memory is short.
Result<std::size_t> compress_frame(Compression compression, std::span<const std::byte> raw,
                                   std::span<std::byte> out);

}  // namespace mrun
