#include "codec/lz4_legacy.hpp"

#include <lz4.h>

#include <algorithm>

#include "codec/decode_failures.hpp"
#include "codec/little_endian.hpp"

namespace mrun {

static_assert(kLegacyBlockMost == LZ4_COMPRESSBOUND(8 << 20));

Result<void> LegacyBlocks::begin(std::uint32_t stored_bytes) {
  if (stored_bytes == 0) return damaged(Compression::lz4, kWrongForm);
  if (room_ == nullptr) room_ = std::make_unique_for_overwrite<std::byte[]>(kRoomBytes);
  stored_bytes_ = stored_left_ = stored_bytes;
  text_bytes_ = text_at_ = 0;
  return {};
}

Result<Decoder::Step> LegacyBlocks::step(std::span<const std::byte> in, std::span<std::byte> out) {
  Decoder::Step step;
  if (stored_left_ > 0) {
    step.taken = std::min(in.size(), stored_left_);
    std::copy_n(in.begin(), step.taken, room_.get() + kRoomBytes - stored_left_);
    stored_left_ -= step.taken;
    if (stored_left_ > 0) return step;
    MRUN_TRY(decode());
  }
  step.given = std::min(out.size(), text_bytes_ - text_at_);
  std::copy_n(room_.get() + text_at_, step.given, out.begin());
  text_at_ += step.given;
  return step;
}

Result<void> LegacyBlocks::decode() {
  auto* const text = reinterpret_cast<char*>(room_.get());
  const int size =
      LZ4_decompress_safe(text + kRoomBytes - stored_bytes_, text, static_cast<int>(stored_bytes_),
                          static_cast<int>(kTextMost));
  if (size < 0) return damaged(Compression::lz4, kWrongForm);
  text_bytes_ = static_cast<std::size_t>(size);
  return {};
}

std::optional<LegacyPlace> next_legacy_place(LegacyPlace place, std::span<const std::byte> head) {
  if (head.size() < 4) return std::nullopt;
  const std::uint32_t word = little_endian(head.first<4>());
  if (place.in_frame && word <= kLegacyBlockMost) return LegacyPlace{place.at + 4 + word, true};
  if (word == kLegacyMagic) return LegacyPlace{place.at + 4, true};
  if (const auto skipped = skippable_frame_bytes(head))
    return LegacyPlace{place.at + *skipped, false};
  return std::nullopt;
}

}  // namespace mrun
