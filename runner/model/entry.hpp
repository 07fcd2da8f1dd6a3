// Entry: one emitted pair in 32 bytes, as the plugin contract lays it out (mrun_entry).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mrun {

/// Borrowed bytes. Same layout as mrun_slice; `runner/plugin` asserts it.
struct Slice {
  const std::uint8_t* data = nullptr;
  std::uint64_t size = 0;

  std::string_view view() const { return {reinterpret_cast<const char*>(data), size}; }
};

/// Where an entry's value, and what of its key does not fit 16 bytes, lie.
enum class EntryKind : std::uint32_t {
  inline_value = 0,  ///< Key <= 16 bytes, value <= 8 bytes: `v` holds the value's bytes.
  heap =
      1,    ///< `v`: 8-aligned offset in the batch's heap: the value, then the key from byte 16 on.
  ref = 2,  ///< Key <= 16 bytes; `v`: address of the value in bytes that stay in place.
  ref_key = 3,  ///< Low 48 bits of `v`: address A of the value; key at A + int16(v >> 48); no
                ///< value: A is the key.
};

/// One pair. `k0`, `k1`: the first 16 key bytes, big-endian, zero-padded, so that two integers
/// compare as the bytes do. `klen`, `vlen`: lengths in the low 28 bits; the kind in vlen's high 4.
struct Entry {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
  std::uint32_t klen = 0;
  std::uint32_t vlen = 0;
  std::uint64_t v = 0;

  static constexpr std::uint32_t kLengthMask = (1u << 28) - 1;
  static constexpr std::uint64_t kAddressMask =
      (std::uint64_t{1} << 48) - 1;  ///< Addresses of what entries refer to have 48 bits.

  std::uint32_t key_size() const { return klen & kLengthMask; }
  std::uint32_t value_size() const { return vlen & kLengthMask; }
  EntryKind kind() const { return static_cast<EntryKind>(vlen >> 28); }
  /// Of `vlen`.
  static constexpr std::uint32_t kind_bits(EntryKind kind) {
    return static_cast<std::uint32_t>(kind) << 28;
  }
};
static_assert(sizeof(Entry) == 32);

/// What one flush of an emitter hands over. All views die when the call returns, except bytes that
/// `ref` and `ref_key` entries point at.
struct EntryBatch {
  std::span<const Entry> entries;
  const std::uint8_t* heap = nullptr;  ///< 8-aligned; `heap` entries hold offsets from here.
  std::size_t heap_bytes = 0;          ///< Of the heap in use.
};

}  // namespace mrun
