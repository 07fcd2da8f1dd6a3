// Decoder: the bytes of a compressed file, decoded as fast as somebody takes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "base/compression.hpp"
#include "base/result.hpp"

namespace mrun {

/// The format of a file that begins with `bytes`, by its magic number; none where it has none.
/// `kMagicBytes` are enough, fewer only of a shorter file. A frame that is to be skipped may begin
/// files of zstd and of lz4, whose decoders read both: it counts as zstd.
constexpr std::size_t kMagicBytes = 16;
Compression compression_of(std::span<const std::byte> bytes);

/// The size, head and all, of the frame that `bytes` begin with where it is one that readers of
/// zstd and lz4 skip; none where it is not.
std::optional<std::uint64_t> skippable_frame_bytes(std::span<const std::byte> bytes);

/// What the blocks of one stream of xz or bzip2 share: the sums over all of them that stand at the
/// stream's end. Each format has its own.
class StreamChecks {
 public:
  StreamChecks() = default;
  virtual ~StreamChecks() = default;
  StreamChecks(const StreamChecks&) = delete;
  StreamChecks& operator=(const StreamChecks&) = delete;
};

/// Takes a file's bytes in pieces of any size. A file may hold several streams (gzip members, zstd
/// and lz4 frames, xz and bzip2 streams), whose contents are one text. One thread at a time.
class Decoder {
 public:
  struct Step {
    std::size_t taken = 0;  ///< Bytes of `in`.
    std::size_t given = 0;  ///< Bytes written to `out`.
  };

  Decoder() = default;
  virtual ~Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  /// Takes what `out` has room for; neither taken nor given: it needs more of the file.
  /// Code::integrity where the bytes are no such file, Code::limit where memory is short.
  virtual Result<Step> step(std::span<const std::byte> in, std::span<std::byte> out) = 0;
  /// The file may end here, and a new decoder could go on if it is told `in_legacy_frame`.
  virtual bool may_end() const = 0;
  /// What comes next may be a block of lz4's legacy format, which nothing but its place shows.
  virtual bool in_legacy_frame() const { return false; }
  /// The bytes taken so far end with a unit (unit_search.hpp).
  virtual bool is_between_units() const { return may_end(); }
  /// Between units, where no more will be decoded: gives back its memory. What it knows stays.
  virtual void rest() {}
  /// Between units: `checks` are those of the stream in whose midst this decoder began, null where
  /// it did not, and become those of the stream that is open here. False where they do not fit.
  virtual bool join(std::unique_ptr<StreamChecks>& checks) { return checks == nullptr; }
};

/// What a decoder takes; of zstd and xz, whose files choose the size of their window, what the
/// usual levels need.
constexpr std::size_t decoder_bytes(Compression compression) {
  if (compression == Compression::none) return 0;
  if (compression == Compression::gzip) return std::size_t{64} << 10;
  return std::size_t{compression == Compression::bzip2 ? 4u : 10u} << 20;
}

/// `memory_bytes` bounds the window of zstd and xz: a file that needs more is Code::limit. For
/// Compression::none too. `in_legacy_frame`: what the decoder before it, which came as far, says.
Result<std::unique_ptr<Decoder>> make_decoder(Compression compression, std::size_t memory_bytes,
                                              bool in_legacy_frame = false);

/// Hands on all that `in` decodes to, through `room`. Code::integrity as in Decoder::step.
using WriteDecoded = std::function<Result<void>(std::span<const std::byte>)>;
Result<void> decode(Decoder& decoder, std::span<const std::byte> in, std::span<std::byte> room,
                    const WriteDecoded& write);

}  // namespace mrun
