// Frame decoder: files of zstd and lz4 frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/compression.hpp"
#include "codec/decoder.hpp"

namespace mrun {

/// Frames of zstd and lz4, its legacy format too, in any row, and such as are skipped. What is no
/// frame is called no frame of `named`. `memory_bytes` bounds zstd's window. `in_legacy_frame`: as
/// in make_decoder.
std::unique_ptr<Decoder> make_frame_decoder(Compression named, std::size_t memory_bytes,
                                            bool in_legacy_frame);

}  // namespace mrun
