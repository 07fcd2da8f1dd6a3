// lz4's legacy format, as `lz4 -l` writes it.
//
// A frame is a magic number and blocks: each four bytes of size, little-endian, and so many bytes
// that decode to 8 MiB at most. It has no end of its own: it reaches to the next frame's magic
// number, which is larger than any block, or to the file's end. Nor has it sums, nor sizes of
// texts. So a file that was cut between two blocks cannot be told from one that was written so.
// Every other cut shows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/result.hpp"
#include "codec/decoder.hpp"

namespace mrun {

constexpr std::uint32_t kLegacyMagic = 0x184c2102;
/// A block's stored bytes, at most: those of 8 MiB that cannot be compressed.
constexpr std::uint32_t kLegacyBlockMost = (8u << 20) + (8u << 20) / 255 + 16;

/// One block after another. They are independent. One thread at a time.
class LegacyBlocks {
 public:
  /// What it holds from the first block to `rest`.
  static constexpr std::size_t memory_bytes() { return kRoomBytes; }

  /// `stored_bytes`, kLegacyBlockMost at most, follow. Code::integrity where no block is so small.
  Result<void> begin(std::uint32_t stored_bytes);
  /// As Decoder::step, up to the block's end. Nothing is given before all of it is there.
  Result<Decoder::Step> step(std::span<const std::byte> in, std::span<std::byte> out);
  bool is_open() const { return stored_left_ > 0 || text_at_ < text_bytes_; }
  void rest() { room_.reset(); }

 private:
  static constexpr std::size_t kTextMost = std::size_t{8} << 20;
  // lz4 decodes a block that lies at the end of the room into its beginning, if that leaves 32
  // bytes and a 256th of the block. (A damaged one may overwrite what it has not read yet. That
  // stays inside the room, and is one more way to decode to an error or to other bytes.)
  static constexpr std::size_t kRoomBytes = kTextMost + kLegacyBlockMost / 256 + 32;

  Result<void> decode();

  std::unique_ptr<std::byte[]> room_;
  std::size_t stored_bytes_ = 0, stored_left_ = 0;
  std::size_t text_bytes_ = 0, text_at_ = 0;
};

/// A place in a file at which a block or a frame begins.
struct LegacyPlace {
  std::uint64_t at = 0;   ///< Offset in the file.
  bool in_frame = false;  ///< A block may begin here.
};

/// The place behind the block, the skipped frame or the magic number at `place`, as its sizes have
/// it; none where something else is there. `head`: kLegacyHeadBytes from there on, fewer only
/// where the file ends.
constexpr std::size_t kLegacyHeadBytes = 8;
std::optional<LegacyPlace> next_legacy_place(LegacyPlace place, std::span<const std::byte> head);

}  // namespace mrun
