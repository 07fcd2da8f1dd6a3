// WordTable: counts words in a hash table whose slots hold words of up to 16 letters whole.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "reference/huge_array.hpp"
#include "reference/short_key.hpp"

namespace mrun::bench {

/// A word and how often it came; empty where size is 0. Two fit into a cache line.
struct WordSlot {
  ShortKey head;
  std::uint32_t count;  ///< Of one word in one input: below 2^32.
  std::uint32_t size;
  const std::uint8_t* bytes;  ///< Where the word stands in the input.

  static WordSlot of(const std::uint8_t* bytes, std::size_t size) {
    return {ShortKey::load(bytes, size), 1, static_cast<std::uint32_t>(size), bytes};
  }

  bool same_word(const WordSlot& other) const {
    return head == other.head && size == other.size &&
           (size <= ShortKey::kBytes ||
            std::memcmp(bytes + ShortKey::kBytes, other.bytes + ShortKey::kBytes,
                        size - ShortKey::kBytes) == 0);
  }

  std::uint64_t hash() const {
    std::uint64_t result = hash_of(head, size);
    for (std::size_t at = ShortKey::kBytes; at < size; at += ShortKey::kBytes)
      result = hash_of(ShortKey::load(bytes + at, size - at), result);
    return result;
  }
};
static_assert(sizeof(WordSlot) == 32);

/// Open addressing with linear probing. It never grows: the owner empties it before it is full.
class WordTable {
 public:
  /// `slots` is a power of two.
  explicit WordTable(std::size_t slots) : slots_(slots) {}

  void prefetch(std::uint64_t hash) const {
    __builtin_prefetch(&slots_[hash & (slots_.size() - 1)], 1);
  }

  /// Adds the count of `word` to its slot. `hash` is the word's.
  void add(const WordSlot& word, std::uint64_t hash) {
    for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      WordSlot& slot = slots_[at];
      if (slot.size == 0) {
        slot = word;
        ++used_;
        return;
      }
      if (slot.same_word(word)) {
        slot.count += word.count;
        return;
      }
    }
  }

  /// Visits every word and forgets it.
  template <typename Visit>
  void drain(Visit visit) {
    for (std::size_t at = 0; used_ != 0; ++at) {
      WordSlot& slot = slots_[at];
      if (slot.size == 0) continue;
      visit(slot);
      slot.size = 0;
      --used_;
    }
  }

  std::size_t slots() const { return slots_.size(); }
  std::size_t used() const { return used_; }
  /// Past this, probing gets long.
  bool is_loaded() const { return used_ > slots_.size() * 5 / 8; }

 private:
  HugeArray<WordSlot> slots_;
  std::size_t used_ = 0;
};

/// Words on their way into a table: they wait until their slots have reached the cache.
class WordQueue {
 public:
  /// True when the queue is full: flush_into() must come next.
  bool push(const WordSlot& word, const WordTable& table) {
    words_[count_] = word;
    hashes_[count_] = word.hash();
    table.prefetch(hashes_[count_]);
    return ++count_ == kWords;
  }

  void flush_into(WordTable& table) {
    for (std::size_t i = 0; i < count_; ++i) table.add(words_[i], hashes_[i]);
    count_ = 0;
  }

 private:
  // As many loads as a core keeps in flight, a few times over.
  static constexpr std::size_t kWords = 64;
  std::array<WordSlot, kWords> words_;
  std::array<std::uint64_t, kWords> hashes_;
  std::size_t count_ = 0;
};

}  // namespace mrun::bench
