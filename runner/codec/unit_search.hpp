// Unit search: where in a compressed file a decoder might begin without what lies before.
//
// A unit is a gzip member, a zstd or lz4 frame, or a block of xz or bzip2. Nothing says where the
// next one begins until this one is decoded, so units are guessed by what they begin with, and who
// decodes the one before finds out whether the guess was right. A wrong guess costs time alone.
// Blocks of lz4's legacy format have nothing to be guessed by; lz4_legacy.hpp walks from one to the
// next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/compression.hpp"

namespace mrun {

/// As many bytes from a unit's first one on tell whether it looks like one; fewer only where the
/// file ends.
constexpr std::size_t kUnitSightBytes = 1024;

/// The place of the first unit, in bits from the file's start, whose first byte is one of the first
/// `count` bytes at hand; none where there is none. `bytes` lie `offset` bytes after the file's
/// start and reach kUnitSightBytes beyond `count`. Those of bzip2 begin at any bit, all others at
/// whole bytes.
std::optional<std::uint64_t> find_unit(Compression compression, std::span<const std::byte> bytes,
                                       std::size_t count, std::uint64_t offset);

}  // namespace mrun
