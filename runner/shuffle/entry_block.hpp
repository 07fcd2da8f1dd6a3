// EntryBlock: where emitted entries wait to be sorted, and how one is read as a pair.
#pragma once

#include <cstdint>
#include <span>

#include "base/hash.hpp"
#include "model/entry.hpp"
#include "shuffle/pair.hpp"

namespace mrun {

/// Entries in emit order, with the partition of each; `count` of them, once nothing is added any
/// more. Addresses stay fixed while the block is in
/// use. Values and key tails lie where `v` says: all kinds hold absolute addresses here.
struct alignas(64) EntryBlock {
  static constexpr std::uint32_t kEntries =
      1024;  ///< A power of two: an index names block and slot.
  static constexpr unsigned kSlotBits = 10;

  std::uint32_t count;
  Entry entries[kEntries];
  std::uint32_t parts[kEntries];
};
static_assert(EntryBlock::kEntries == 1u << EntryBlock::kSlotBits);

/// What a block holds of one task: its slots from `begin` to `end`.
struct EntrySpan {
  EntryBlock* block = nullptr;
  std::uint32_t begin = 0, end = 0;
  std::uint32_t task = 0;

  std::uint32_t count() const { return end - begin; }
};

inline std::uint64_t entry_count(std::span<const EntrySpan> spans) {
  std::uint64_t count = 0;
  for (const EntrySpan& span : spans) count += span.count();
  return count;
}

/// A kind of the runner's own: `v` is the address of a BigHeader. For pairs beyond an entry's
/// 28-bit lengths, or beyond an emitter's heap.
constexpr std::uint32_t kBigEntry = 4;
struct BigHeader {
  std::uint32_t klen;
  std::uint32_t vlen;
  // Then the value, then the key from byte 16 on.
};

inline const std::uint8_t* address_of(std::uint64_t v) {
  return reinterpret_cast<const std::uint8_t*>(static_cast<std::uintptr_t>(v));
}

/// The pair that an entry of a block stands for.
inline Pair resolve(const Entry& entry, std::uint32_t task) {
  Pair pair{entry.k0, entry.k1, entry.key_size(), entry.value_size(), nullptr, nullptr, task};
  switch (entry.vlen >> 28) {
    case static_cast<std::uint32_t>(EntryKind::inline_value):
      pair.value = reinterpret_cast<const std::uint8_t*>(&entry.v);
      break;
    case static_cast<std::uint32_t>(EntryKind::heap):
      pair.value = address_of(entry.v);
      pair.tail = pair.value + pair.vlen;
      break;
    case static_cast<std::uint32_t>(EntryKind::ref):
      pair.value = address_of(entry.v & Entry::kAddressMask);
      break;
    case static_cast<std::uint32_t>(EntryKind::ref_key): {
      pair.value = address_of(entry.v & Entry::kAddressMask);
      const auto distance = static_cast<std::int16_t>(entry.v >> 48);
      pair.tail = pair.value + (pair.vlen == 0 ? 0 : distance) + kPrefixBytes;
      break;
    }
    default: {
      BigHeader header;
      std::memcpy(&header, address_of(entry.v), sizeof header);
      pair.klen = header.klen;
      pair.vlen = header.vlen;
      pair.value = address_of(entry.v) + sizeof header;
      pair.tail = pair.value + pair.vlen;
    }
  }
  return pair;
}

/// What an entry that stands for `pair` adds to an EntrySum, see there.
inline std::uint64_t content_of(const Entry& entry, const Pair& pair) {
  const std::uint32_t kind = entry.vlen >> 28;
  if (kind != static_cast<std::uint32_t>(EntryKind::heap) && kind != kBigEntry) return entry.v;
  return hash64(pair.value, std::size_t{pair.vlen} + pair.tail_size());
}

/// The pair that an entry of an emitter's batch stands for; its heap offsets count from `heap`.
/// Entries of a block, which hold addresses, come without a heap.
inline Pair emitted_pair(const Entry& entry, const std::uint8_t* heap) {
  if (entry.kind() != EntryKind::heap || heap == nullptr) return resolve(entry, 0);
  Pair pair{entry.k0, entry.k1, entry.key_size(), entry.value_size(), nullptr, heap + entry.v, 0};
  pair.tail = pair.value + pair.vlen;
  return pair;
}

}  // namespace mrun
