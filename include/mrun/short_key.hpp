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

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

#if defined(__SSE2__)
/// Whether a byte of a text of up to 16 is 0.
inline bool has_zero(const std::uint8_t* text, std::size_t size) {
  if (!may_read_block<16>(text)) [[unlikely]]
    return size != 0 && std::memchr(text, 0, size) != nullptr;
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(without_bounds(text)));
  const auto zeros =
      static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_setzero_si128())));
  return (zeros & ((1u << size) - 1)) != 0;
}
#else
inline bool has_zero(const std::uint8_t* text, std::size_t size) {
  return size != 0 && std::memchr(text, 0, size) != nullptr;
}
#endif

/// The key so far: its fields are appended in order.
class ShortKey {
 public:
  static constexpr std::size_t kBytesMost = 16;

  /// After `finish`.
  KeyHead head() const {
    return {static_cast<std::uint64_t>(bits_ >> 64), static_cast<std::uint64_t>(bits_)};
  }
  std::size_t size() const { return size_; }

  /// False where the encoding does not fit or has an escape in it; then the key means nothing.
  template <bool kRaw, typename T>
  [[nodiscard, gnu::always_inline]] bool append(const T& value) {
    if constexpr (kIsText<T>) {
      const std::size_t size = value.size();
      const auto* const text = reinterpret_cast<const std::uint8_t*>(value.data());
      if (!finish() || size > kBytesMost - size_) return false;
      if (!kRaw && has_zero(text, size)) return false;
      const KeyHead head = key_head(text, size);
      put(static_cast<Wide>(head.k0) << 64 | head.k1, size);
      if (!kRaw) append_fixed(static_cast<Wide>(1) << 112, 2);  // 00 01
    } else {
      alignas(8) std::uint8_t bytes[8] = {};
      FieldCodec<T>::template put<kRaw>(bytes, value);
      append_fixed(static_cast<Wide>(load_big(bytes)) << 64, FieldCodec<T>::kFixed);
    }
    return true;
  }
  template <bool kRaw, typename T>
  [[nodiscard, gnu::always_inline]] bool append(const Desc<T>& field) {
    ShortKey ascending;
    if (!ascending.append<false>(field.value) || !ascending.finish() || !finish()) return false;
    if (ascending.size_ > kBytesMost - size_) return false;
    put(~ascending.bits_ & ~ones_from(ascending.size_), ascending.size_);
    return true;
  }
  /// After the last field; false as `append`.
  [[nodiscard, gnu::always_inline]] bool finish() {
    if (waiting_size_ > kBytesMost - size_) return false;
    put(waiting_, waiting_size_);
    waiting_ = 0;
    waiting_size_ = 0;
    return true;
  }

 private:
  __extension__ using Wide = unsigned __int128;  // Bytes from the high end on.

  /// All bits of the bytes from `begin` on.
  static Wide ones_from(std::size_t begin) {
    return begin == kBytesMost ? 0 : ~static_cast<Wide>(0) >> (8 * begin);
  }
  /// Fields of a fixed size wait until their place is known: up to there the compiler knows all
  /// their shifts.
  [[gnu::always_inline]] void append_fixed(Wide bits, std::size_t size) {
    if (waiting_size_ < kBytesMost) waiting_ |= bits >> (8 * waiting_size_);
    waiting_size_ += size;
  }
  [[gnu::always_inline]] void put(Wide bits, std::size_t size) {
    if (size_ < kBytesMost) bits_ |= bits >> (8 * size_);
    size_ += size;
  }

  Wide bits_ = 0;
  std::size_t size_ = 0;
  Wide waiting_ = 0;
  std::size_t waiting_size_ = 0;
};

/// Encodes a key of any type; false as ShortKey::append. Inlined by force: in memory the key would
/// cost what it shall save.
template <typename K, std::size_t... I>
[[nodiscard, gnu::always_inline]] inline bool put_fields(ShortKey& out, const K& key,
                                                         std::index_sequence<I...>) {
  const auto& fields = KeyFields<K>::view(key);
  return (out.append<I + 1 == sizeof...(I)>(std::get<I>(fields)) && ...) && out.finish();
}
template <typename K>
[[nodiscard, gnu::always_inline]] inline bool put_short(ShortKey& out, const K& key) {
  return put_fields(out, key, typename KeyCodec<K>::Indices{});
}

}  // namespace mrun::detail
