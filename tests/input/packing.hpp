// Compressed files made of units of any size, for the tests of who reads them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/compression.hpp"

namespace mrun::test_support {

/// One stream. Its blocks hold `block_bytes` of text, or as little above as the format can (bzip2:
/// 100,000); of gzip, zstd and lz4 it is one unit.
std::string packed_stream(Compression compression, std::string_view text, std::size_t block_bytes);

/// Streams in a row of `stream_bytes` of text each; the last may be shorter, and none is empty but
/// that of an empty text.
std::string packed_streams(Compression compression, std::string_view text, std::size_t stream_bytes,
                           std::size_t block_bytes);

/// A frame of lz4's legacy format, whose blocks hold `block_bytes` of text; programs write 8 MiB.
std::string legacy_frame(std::string_view text, std::size_t block_bytes);

}  // namespace mrun::test_support
