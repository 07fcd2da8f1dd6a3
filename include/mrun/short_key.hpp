// ShortKey: the encoding of a key of up to 16 bytes, put together in registers.
//
// A key of several fields that went through memory would be written in parts and read as a whole,
// which makes the processor wait.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "codec.hpp"
#include "past_view.hpp"

namespace mrun::detail {

/// The first 16 bytes of a key as two big-endian numbers, zero-padded.
struct KeyHead {
  std::uint64_t k0, k1;
};

inline KeyHead key_head(const std::uint8_t* key, std::size_t size) {
  // ones, then zeros: read from 16 - size on, it masks what lies behind the key.
  alignas(32) static constexpr std::uint8_t kMask[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                         255, 255, 255, 255, 255, 255, 255, 255};
  if (size < 16 && !may_read_block<16>(key)) {
    std::uint8_t bytes[16] = {};
    if (size != 0) std::memcpy(bytes, key, size);
    return {load_big(bytes), load_big(bytes + 8)};
  }
  const std::uint8_t* const mask = kMask + 16 - std::min<std::size_t>(size, 16);
  std::uint64_t words[2];
  std::uint64_t masks[2];
  std::memcpy(words, without_bounds(key), 16);
  std::memcpy(masks, mask, 16);
  return {__builtin_bswap64(words[0] & masks[0]), __builtin_bswap64(words[1] & masks[1])};
}

/// The key so far: its fields are appended in order.
class ShortKey {
 public:
  static constexpr std::size_t kBytesMost = 16;

  KeyHead head() const {
    return {static_cast<std::uint64_t>(bits_ >> 64), static_cast<std::uint64_t>(bits_)};
  }
  std::size_t size() const { return size_; }

  /// False where the encoding does not fit or has an escape in it; then the key means nothing.
  template <bool kRaw, typename T>
  [[nodiscard]] bool append(const T& value) {
    if constexpr (kIsText<T>) {
      constexpr std::size_t kEndBytes = kRaw ? 0 : 2;
      const std::size_t size = value.size();
      if (size > kBytesMost || size_ + size + kEndBytes > kBytesMost) return false;
      const KeyHead text = key_head(reinterpret_cast<const std::uint8_t*>(value.data()), size);
      Wide bits = static_cast<Wide>(text.k0) << 64 | text.k1;
      if constexpr (!kRaw) {
        if (has_zero(bits | ones_from(size))) return false;
        bits |= static_cast<Wide>(1) << (8 * (kBytesMost - kEndBytes - size));  // 00 01
      }
      return put(bits, size + kEndBytes);
    } else {
      constexpr auto kSize = static_cast<std::size_t>(FieldCodec<T>::kFixed);
      alignas(8) std::uint8_t bytes[8] = {};
      FieldCodec<T>::template put<kRaw>(bytes, value);
      return put(static_cast<Wide>(load_big(bytes)) << 64, kSize);
    }
  }
  template <bool kRaw, typename T>
  [[nodiscard]] bool append(const Desc<T>& field) {
    ShortKey ascending;
    if (!ascending.append<false>(field.value)) return false;
    return put(~ascending.bits_ & ~ones_from(ascending.size_), ascending.size_);
  }

 private:
  __extension__ using Wide = unsigned __int128;  // Bytes from the high end on.

  /// All bits of the bytes from `begin` on.
  static Wide ones_from(std::size_t begin) {
    return begin == kBytesMost ? 0 : ~static_cast<Wide>(0) >> (8 * begin);
  }
  static bool has_zero(Wide bytes) {
    constexpr std::uint64_t kLow = 0x0101010101010101, kHigh = 0x8080808080808080;
    const auto zeros = [](std::uint64_t word) { return (word - kLow) & ~word & kHigh; };
    return (zeros(static_cast<std::uint64_t>(bytes >> 64)) |
            zeros(static_cast<std::uint64_t>(bytes))) != 0;
  }
  bool put(Wide bits, std::size_t size) {
    if (size == 0) return true;
    if (size_ + size > kBytesMost) return false;
    bits_ |= bits >> (8 * size_);
    size_ += size;
    return true;
  }

  Wide bits_ = 0;
  std::size_t size_ = 0;
};

/// Encodes a key of any type; false as ShortKey::append.
template <typename K>
[[nodiscard]] bool put_short(ShortKey& out, const K& key) {
  using Codec = KeyCodec<K>;
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    const auto& fields = KeyFields<K>::view(key);
    return (out.append<I + 1 == Codec::kFields>(std::get<I>(fields)) && ...);
  }
  (typename Codec::Indices{});
}

}  // namespace mrun::detail
