// Emit<K, V>: hands pairs to the runner, inlined into the job's own loop.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "buffer.hpp"
#include "codec.hpp"
#include "exact_sum.hpp"
#include "fail.hpp"
#include "past_view.hpp"
#include "plugin.h"
#include "short_key.hpp"

namespace mrun::detail {

/// A value of up to so many bytes is copied without a call.
inline constexpr std::size_t kSmallValue = 64;

/// std::memcpy; the first words of small values one by one, without a call. They may just have been
/// written as such words, and reading them as vectors would make the processor wait.
inline void copy_value(std::uint8_t* to, const std::uint8_t* from, std::size_t size) {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  std::size_t done = 0;
  from = without_bounds(from);  // GCC does not see that `size` keeps to them.
  const auto copy_word = [&](std::size_t at) {
    std::uint64_t word;
    std::memcpy(&word, from + at, kWord);
    __asm__("" : "+r"(word));  // The compiler shall not make vectors of it.
    std::memcpy(to + at, &word, kWord);
  };
  if (size <= kSmallValue) {
    for (; size - done >= 4 * kWord; done += 4 * kWord) {
      copy_word(done);
      copy_word(done + kWord);
      copy_word(done + 2 * kWord);
      copy_word(done + 3 * kWord);
    }
    for (; size - done >= kWord; done += kWord) copy_word(done);
  }
  if (done != size) std::memcpy(to + done, from + done, size - done);
}

/// A key's encoding in memory.
struct KeyBytes {
  const std::uint8_t* data;
  std::size_t size;
};

/// Writes entries into the runner's buffer, and flushes it when it is full.
class EntryWriter {
 public:
  explicit EntryWriter(Session& session) : session_(&session), emitter_(session.ctx->emit) {}

  /// A pair whose value is a word of `value_size` <= 8 bytes.
  [[gnu::always_inline]] void word(KeyBytes key, std::uint64_t value, std::uint32_t value_size) {
    if (key.size <= 16) {
      reserve();
      push(key_head(key.data, key.size), key.size, value_size, MRUN_E_INLINE, value);
    } else {
      long_key_word(key.data, key.size, value, value_size);
    }
  }
  [[gnu::always_inline]] void word(const ShortKey& key, std::uint64_t value,
                                   std::uint32_t value_size) {
    reserve();
    push(key.head(), key.size(), value_size, MRUN_E_INLINE, value);
  }

  /// A pair whose value is bytes. Both may be referred to where the runner offers it.
  [[gnu::always_inline]] void bytes(KeyBytes key, const std::uint8_t* value,
                                    std::size_t value_size) {
    // A state of some words, say: inlined, for it takes no more than a call would.
    if (key.size <= 16 && value_size > 8 && value_size <= kSmallValue &&
        emitter_->n != emitter_->cap && !in_place(value, value_size) &&
        heap_use(value_size) <= emitter_->heap_cap - emitter_->heap_used) [[likely]] {
      copy_value(emitter_->heap + emitter_->heap_used, value, value_size);
      push(key_head(key.data, key.size), key.size, value_size, MRUN_E_HEAP, emitter_->heap_used);
      emitter_->heap_used += heap_use(value_size);
    } else {
      any_bytes(key.data, key.size, value, value_size);
    }
  }
  void bytes(const ShortKey& key, const std::uint8_t* value, std::size_t value_size) {
    alignas(8) std::uint8_t bytes_of_key[ShortKey::kBytesMost];
    store_big(bytes_of_key, key.head().k0);
    store_big(bytes_of_key + 8, key.head().k1);
    bytes(KeyBytes{bytes_of_key, key.size()}, value, value_size);
  }

  /// Before much memory is taken to put a pair together.
  void hold(std::size_t bytes) {
    if (MRUN_HAS(emitter_, mrun_emitter, hold)) session_->check(emitter_->hold(emitter_, bytes));
  }

 private:
  static constexpr std::uint64_t kMaxLength = (std::uint64_t{1} << 28) - 1;

  void reserve() {
    if (emitter_->n == emitter_->cap) [[unlikely]]
      flush();
  }
  [[gnu::noinline]] void flush() { session_->check(emitter_->flush(emitter_)); }

  void push(KeyHead head, std::size_t key_size, std::size_t value_size, std::uint32_t kind,
            std::uint64_t v) {
    mrun_entry& entry = emitter_->entries[emitter_->n++];
    entry.k0 = head.k0;
    entry.k1 = head.k1;
    entry.klen = static_cast<std::uint32_t>(key_size);
    entry.vlen = static_cast<std::uint32_t>(value_size) | kind << 28;
    entry.v = v;
  }

  bool accepts(std::uint32_t kind) const { return (emitter_->kinds >> kind & 1) != 0; }
  bool in_place(const std::uint8_t* data, std::size_t size) const {
    const auto offset = reinterpret_cast<std::uintptr_t>(data) -
                        reinterpret_cast<std::uintptr_t>(emitter_->ref_base);
    return offset < emitter_->ref_size && size <= emitter_->ref_size - offset;
  }

  /// Emits by reference if the bytes lie where they stay; false, and nothing emitted, if not.
  bool refer(const std::uint8_t* key, std::size_t key_size, const std::uint8_t* value,
             std::size_t value_size) {
    if (emitter_->ref_size == 0 || key_size > kMaxLength || value_size > kMaxLength) return false;
    const auto key_address = reinterpret_cast<std::uintptr_t>(key);
    const auto value_address = reinterpret_cast<std::uintptr_t>(value);
    if (value_size == 0) {
      if (!accepts(MRUN_E_REFKEY) || !in_place(key, key_size)) return false;
      push(key_head(key, key_size), key_size, 0, MRUN_E_REFKEY, key_address);
      return true;
    }
    if (!in_place(value, value_size)) return false;
    if (key_size <= 16) {
      if (!accepts(MRUN_E_REF)) return false;
      push(key_head(key, key_size), key_size, value_size, MRUN_E_REF, value_address);
      return true;
    }
    const auto distance = static_cast<std::int64_t>(key_address - value_address);
    if (!accepts(MRUN_E_REFKEY) || !in_place(key, key_size) ||
        distance != static_cast<std::int16_t>(distance))
      return false;
    push(key_head(key, key_size), key_size, value_size, MRUN_E_REFKEY,
         value_address | static_cast<std::uint64_t>(distance) << 48);
    return true;
  }

  [[gnu::noinline]] void long_key_word(const std::uint8_t* key, std::size_t key_size,
                                       std::uint64_t value, std::uint32_t value_size) {
    reserve();
    if (value_size == 0 && refer(key, key_size, nullptr, 0)) return;
    copy(key, key_size, reinterpret_cast<const std::uint8_t*>(&value), value_size);
  }

  [[gnu::noinline]] void any_bytes(const std::uint8_t* key, std::size_t key_size,
                                   const std::uint8_t* value, std::size_t value_size) {
    reserve();
    if (key_size <= 16 && value_size <= 8) {
      std::uint64_t word = 0;
      if (value_size != 0) std::memcpy(&word, value, value_size);
      push(key_head(key, key_size), key_size, value_size, MRUN_E_INLINE, word);
    } else if (!refer(key, key_size, value, value_size)) {
      copy(key, key_size, value, value_size);
    }
  }

  /// Emits a pair through the heap: the value, then what of the key does not fit the entry.
  void copy(const std::uint8_t* key, std::size_t key_size, const std::uint8_t* value,
            std::size_t value_size) {
    const std::size_t tail = key_size > 16 ? key_size - 16 : 0;
    if (key_size > kMaxLength || value_size > kMaxLength ||
        heap_use(value_size + tail) > emitter_->heap_cap) {
      session_->check(emitter_->emit_big(emitter_, {key, key_size}, {value, value_size}));
      return;
    }
    if (heap_use(value_size + tail) > emitter_->heap_cap - emitter_->heap_used) flush();
    std::uint8_t* const at = emitter_->heap + emitter_->heap_used;
    if (tail != 0) copy_tail(at, value_size, key, key_size);
    copy_value(at, value, value_size);
    push(key_head(key, key_size), key_size, value_size, MRUN_E_HEAP, emitter_->heap_used);
    emitter_->heap_used += heap_use(value_size + tail);
  }
  /// What of a key follows a value at `at`. It goes before the value, for its last word may begin
  /// inside that.
  static void copy_tail(std::uint8_t* at, std::size_t value_size, const std::uint8_t* key,
                        std::size_t key_size) {
    constexpr std::size_t kWord = sizeof(std::uint64_t), kSmall = 64;
    std::uint8_t* const tail = at + value_size - 16;  // Where the key would begin.
    if (value_size < kWord || key_size > kSmall) {
      std::memcpy(tail + 16, key + 16, key_size - 16);
      return;
    }
    for (std::size_t done = 16; done + kWord < key_size; done += kWord)
      std::memcpy(tail + done, key + done, kWord);
    std::memcpy(tail + key_size - kWord, key + key_size - kWord, kWord);
  }
  static constexpr std::uint64_t heap_use(std::uint64_t size) {
    return (size + 7) & ~std::uint64_t{7};
  }

  Session* session_;
  mrun_emitter* emitter_;
};

/// How values are stored where the combiner's state is not the value itself.
enum class Stored { as_value, exact_sum, count };

}  // namespace mrun::detail

namespace mrun {

/// Takes the pairs that a job's map emits: `out(key, value)`.
///
/// Keys and values are copied unless they lie in the input that stays mapped; either way they need
/// not live longer than the call.
template <typename K, typename V>
class Emit {
 public:
  using Key = K;
  using Value = V;

  Emit(detail::Session& session, detail::Stored stored) : writer_(session), stored_(stored) {}
  Emit(const Emit&) = delete;
  Emit& operator=(const Emit&) = delete;

  void operator()(const K& key, const V& value) {
    if constexpr (detail::kIsText<K>) {
      pair(detail::KeyBytes{reinterpret_cast<const std::uint8_t*>(key.data()), key.size()}, value);
    } else {
      detail::ShortKey short_key;
      if (detail::put_short(short_key, key)) [[likely]]
        pair(short_key, value);
      else
        long_key(key, value);
    }
  }

  /// For pairs without a value, and for `Combine = mrun::Count`.
  void operator()(const K& key) requires std::same_as<V, None> { (*this)(key, None{}); }

 private:
  /// A key that does not fit an entry, or that has escapes.
  [[gnu::noinline]] void long_key(const K& key, const V& value) {
    std::uint8_t* const begin = buffer_.room(detail::KeyCodec<K>::max_size(key),
                                             [this](std::size_t bytes) { writer_.hold(bytes); });
    std::uint8_t* const end = detail::KeyCodec<K>::put(begin, key);
    pair(detail::KeyBytes{begin, static_cast<std::size_t>(end - begin)}, value);
  }

  template <typename Key>
  void pair(const Key& key, const V& value) {
    using Codec = detail::ValueCodec<V>;
    if constexpr (detail::kIsText<V>) {
      writer_.bytes(key, reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
    } else if constexpr (Codec::kIsStruct) {
      writer_.bytes(key, reinterpret_cast<const std::uint8_t*>(&value), sizeof(V));
    } else {
      if constexpr (std::floating_point<V>) {
        if (stored_ == detail::Stored::exact_sum) {
          const auto sum = detail::ExactSum::of(static_cast<double>(value));
          writer_.bytes(key, reinterpret_cast<const std::uint8_t*>(sum.limbs), sizeof sum.limbs);
          return;
        }
      } else if constexpr (std::same_as<V, None>) {
        if (stored_ == detail::Stored::count) {
          writer_.word(key, 1, 8);
          return;
        }
      }
      writer_.word(key, Codec::word(value), Codec::kSize);
    }
  }

  detail::EntryWriter writer_;
  detail::Stored stored_;
  detail::Buffer buffer_;
};

}  // namespace mrun
