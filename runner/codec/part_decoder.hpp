// Part decoder: decodes a part of a file from a unit's beginning on, without what lies before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/compression.hpp"
#include "base/result.hpp"
#include "codec/decoder.hpp"

namespace mrun {

/// A part of a file, in bits from its start.
struct FilePart {
  std::uint64_t begin_bit = 0;  ///< Where a unit may begin.
  std::uint64_t end_bit = 0;    ///< Where the next part begins, or the file ends.
  /// Of the file, kMagicBytes where it has as many: they say what the streams of xz and bzip2 all
  /// look like.
  std::span<const std::byte> first_bytes;
  bool in_legacy_frame = false;  ///< What the decoder of the part before will say at its end.

  std::uint64_t begin_byte() const { return begin_bit / 8; }
  std::uint64_t end_byte() const { return (end_bit + 7) / 8; }
};

/// What a part's decoder takes, where the whole file's takes `decoder_bytes`.
std::size_t part_decoder_bytes(Compression compression, const FilePart& part,
                               std::size_t decoder_bytes);

/// Takes the bytes from `part.begin_byte()` to `part.end_byte()`; one of bzip2 gives nothing before
/// it has taken all. It finds what it can without the bytes before, and `join` the rest. An error
/// says that the bytes are damaged, or no unit begins there, or the part ends amid a block of
/// bzip2: who decodes the whole file in order finds out.
Result<std::unique_ptr<Decoder>> make_part_decoder(Compression compression, const FilePart& part,
                                                   std::size_t memory_bytes);

/// The decoders of the formats whose streams are made of units.
std::unique_ptr<Decoder> make_bzip2_part(const FilePart& part);
std::unique_ptr<Decoder> make_xz_part(const FilePart& part, std::size_t memory_bytes);

}  // namespace mrun
