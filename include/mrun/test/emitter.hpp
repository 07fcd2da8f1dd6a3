// PairCollector: the runner's side of an emitter. Turns entries into plain pairs and checks each
// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "../codec.hpp"
#include "../plugin.h"
#include "pair.hpp"

namespace mrun::test {

/// Hands out an emitter and takes the pairs that a job writes into it, in emit order. What breaks
/// the contract is kept in `broken` and ends the job.
class PairCollector {
 public:
  PairCollector(std::uint32_t capacity, std::size_t heap_bytes)
      : entries_(capacity), heap_words_(heap_bytes / 8 + 1) {
    emitter_.size = sizeof(mrun_emitter);
    emitter_.kinds = 1u << MRUN_E_INLINE | 1u << MRUN_E_HEAP;
    emitter_.cap = capacity;
    emitter_.entries = entries_.data();
    emitter_.heap = reinterpret_cast<std::uint8_t*>(heap_words_.data());
    emitter_.heap_cap = heap_bytes / 8 * 8;
    emitter_.flush = [](mrun_emitter* emitter) { return self(emitter).take(); };
    emitter_.emit_big = [](mrun_emitter* emitter, mrun_slice key, mrun_slice value) {
      return self(emitter).take_big(key, value);
    };
    emitter_.hold = [](mrun_emitter*, std::uint64_t) { return mrun_status{MRUN_OK}; };
  }
  PairCollector(const PairCollector&) = delete;
  PairCollector& operator=(const PairCollector&) = delete;

  mrun_emitter* emitter() { return &hosted_.emitter; }

  /// Lets entries refer to these bytes, which stay in place; an empty text ends that.
  void offer(std::string_view text) {
    emitter_.ref_base = reinterpret_cast<const std::uint8_t*>(text.data());
    emitter_.ref_size = text.size();
    emitter_.kinds = 1u << MRUN_E_INLINE | 1u << MRUN_E_HEAP;
    if (!text.empty()) emitter_.kinds |= 1u << MRUN_E_REF | 1u << MRUN_E_REFKEY;
  }

  /// Takes what has been written since the last flush.
  mrun_status take() {
    try {
      if (emitter_.n > emitter_.cap) throw std::runtime_error("more entries than the buffer holds");
      if (emitter_.heap_used > emitter_.heap_cap)
        throw std::runtime_error("more heap bytes than the buffer holds");
      for (std::uint32_t i = 0; i < emitter_.n; ++i) pairs.push_back(pair_of(entries_[i]));
    } catch (const std::exception& error) {
      broken = error.what();
      return MRUN_FAIL;
    }
    emitter_.n = 0;
    emitter_.heap_used = 0;
    return MRUN_OK;
  }

  std::vector<Pair> pairs;
  std::string broken;

 private:
  /// The emitter with what the runner knows of it behind it: the two begin at the same address.
  struct Hosted {
    mrun_emitter emitter;
    PairCollector* collector;
  };
  static PairCollector& self(mrun_emitter* emitter) {
    return *reinterpret_cast<Hosted*>(emitter)->collector;
  }

  mrun_status take_big(mrun_slice key, mrun_slice value) {
    if (const mrun_status status = take(); status != MRUN_OK) return status;
    pairs.push_back({text(key.data, key.size), text(value.data, value.size)});
    return MRUN_OK;
  }

  Pair pair_of(const mrun_entry& entry) const {
    constexpr std::uint32_t kMask = (1u << 28) - 1;
    const std::uint32_t kind = entry.vlen >> 28;
    const std::uint32_t key_size = entry.klen;
    const std::uint32_t value_size = entry.vlen & kMask;
    if (key_size > kMask) throw std::runtime_error("an entry's klen has high bits");
    if (kind > 31 || (emitter_.kinds >> kind & 1) == 0)
      throw std::runtime_error("an entry of a kind that is not accepted");
    std::uint8_t head[16];
    detail::store_big(head, entry.k0);
    detail::store_big(head + 8, entry.k1);
    for (std::uint32_t i = key_size; i < 16; ++i)
      if (head[i] != 0) throw std::runtime_error("an entry's k0, k1 are not zero past the key");
    Pair pair{text(head, key_size < 16 ? key_size : 16), {}};
    switch (kind) {
      case MRUN_E_INLINE:
        take_inline(entry, key_size, value_size, pair);
        break;
      case MRUN_E_HEAP:
        take_heap(entry, key_size, value_size, pair);
        break;
      case MRUN_E_REF:
        if (key_size > 16) throw std::runtime_error("a REF entry has a key longer than 16 bytes");
        pair.value = referred(entry.v, value_size);
        break;
      default:
        take_ref_key(entry, key_size, value_size, pair);
        break;
    }
    return pair;
  }

  static void take_inline(const mrun_entry& entry, std::uint32_t key_size, std::uint32_t value_size,
                          Pair& pair) {
    if (key_size > 16 || value_size > 8)
      throw std::runtime_error("an INLINE entry does not fit inline");
    if (value_size < 8 && entry.v >> (value_size * 8) != 0)
      throw std::runtime_error("an INLINE entry's v is not zero past the value");
    pair.value = text(reinterpret_cast<const std::uint8_t*>(&entry.v), value_size);
  }

  void take_heap(const mrun_entry& entry, std::uint32_t key_size, std::uint32_t value_size,
                 Pair& pair) const {
    const std::uint64_t tail = key_size > 16 ? key_size - 16 : 0;
    if (entry.v % 8 != 0 || entry.v > emitter_.heap_used ||
        value_size + tail > emitter_.heap_used - entry.v)
      throw std::runtime_error("a HEAP entry lies outside the used heap");
    pair.value = text(emitter_.heap + entry.v, value_size);
    pair.key += text(emitter_.heap + entry.v + value_size, tail);
  }

  void take_ref_key(const mrun_entry& entry, std::uint32_t key_size, std::uint32_t value_size,
                    Pair& pair) const {
    const std::uint64_t address = entry.v & ((std::uint64_t{1} << 48) - 1);
    const auto distance = static_cast<std::int16_t>(entry.v >> 48);
    if (value_size == 0 && distance != 0)
      throw std::runtime_error("a REFKEY entry without a value has a distance");
    if (value_size != 0) pair.value = referred(address, value_size);
    const std::string key =
        referred(address + static_cast<std::uint64_t>(std::int64_t{distance}), key_size);
    if (key.compare(0, pair.key.size(), pair.key) != 0)
      throw std::runtime_error("a REFKEY entry's k0, k1 are not its key's first bytes");
    pair.key = key;
  }

  std::string referred(std::uint64_t address, std::uint64_t size) const {
    const std::uint64_t offset = address - reinterpret_cast<std::uintptr_t>(emitter_.ref_base);
    if (offset > emitter_.ref_size || size > emitter_.ref_size - offset)
      throw std::runtime_error("an entry refers to bytes that do not stay in place");
    return text(emitter_.ref_base + offset, size);
  }

  static std::string text(const std::uint8_t* data, std::uint64_t size) {
    return size == 0
               ? std::string()
               : std::string(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  }

  Hosted hosted_{{}, this};
  mrun_emitter& emitter_ = hosted_.emitter;
  std::vector<mrun_entry> entries_;
  std::vector<std::uint64_t> heap_words_;
};

}  // namespace mrun::test
