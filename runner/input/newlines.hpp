// Finding line ends, many bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/entry.hpp"

namespace mrun {

/// LF bytes in [data, data + size_bytes).
std::uint64_t count_newlines(const std::uint8_t* data, std::size_t size_bytes);

/// What one call of `cut_lines` did.
struct CutLines {
  std::size_t lines = 0;
  std::size_t consumed_bytes = 0;
};

/// Lists the lines of [data, data + size_bytes) without their LFs, with the offset of each
/// (`offset` is that of `data`), until the bytes or `records` are used up. Bytes after the last LF
/// are a line too. 64 bytes must be readable after the end; `offsets` is as long as `records`.
CutLines cut_lines(const std::uint8_t* data, std::size_t size_bytes, std::uint64_t offset,
                   std::span<Slice> records, std::span<std::uint64_t> offsets);

}  // namespace mrun
