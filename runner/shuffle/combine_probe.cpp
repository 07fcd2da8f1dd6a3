// The inner loops of CombineTable: hashing groups of pairs, finding their slots and folding them
// in.
#include <array>
#include <bit>
#include <cstring>

#include "base/hash.hpp"
#include "shuffle/combine_table.hpp"
#include "shuffle/entry_block.hpp"

namespace mrun {
namespace {

std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Of keys of up to 16 bytes. One multiplication mixes enough for a table's index. The constants
// keep a key of zeros from being a factor of 0.
std::uint64_t hash_short(std::uint64_t k0, std::uint64_t k1, std::uint32_t klen,
                         std::uint64_t seed) {
  return fold_multiply(k0 ^ 0xc2b2ae3d27d4eb4f ^ seed, (k1 ^ 0x9e3779b97f4a7c15) + klen);
}

std::uint64_t load_word(const std::uint8_t* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Of what of a key lies behind its first 16 bytes. Up to 7 bytes more may be read: wherever tails
// lie, more memory follows.
std::uint64_t hash_tail(const std::uint8_t* tail, std::uint32_t size, std::uint64_t seed) {
  if (size > 16) return hash64(tail, size, seed);
  std::uint64_t first = load_word(tail), last = 0;
  if (size > 8)
    last = load_word(tail + size - 8);
  else
    first <<= 8 * (8 - size);
  return fold_multiply(first ^ 0x589965cc75374cc3 ^ seed,
                       last ^ 0x1d8e4e27c47d124f ^ std::rotl(seed, 32));
}

// Whether two tails are the same that both lie at a word's border, with room up to the next one.
bool same_words(const std::uint8_t* a, const std::uint8_t* b, std::uint32_t size) {
  for (; size > 8; size -= 8, a += 8, b += 8)
    if (load_word(a) != load_word(b)) return false;
  return (load_word(a) ^ load_word(b)) << (8 * (8 - size)) == 0;
}

}  // namespace

// Where slots lie, for a loop: in locals, since what is written to slots could be a member.
struct CombineTable::Slots {
  explicit Slots(const CombineTable& table)
      : bytes(table.slots_.bytes()), each(table.slot_bytes_), mask(table.slots_.size() - each) {}
  Slot* at(std::size_t offset) const { return reinterpret_cast<Slot*>(bytes + offset); }
  void load(std::uint64_t hash) const { __builtin_prefetch(bytes + (hash & mask), 1); }

  std::uint8_t* bytes;
  std::size_t each, mask;
};

std::uint64_t CombineTable::hash_of(const Pair& pair) const {
  const std::uint64_t hash = hash_short(pair.k0, pair.k1, pair.klen, limits_.hash_seed);
  return pair.klen > kPrefixBytes
             ? hash ^ hash_tail(pair.tail, pair.klen - kPrefixBytes, limits_.hash_seed)
             : hash;
}

// Hashes the entries of a group.
void CombineTable::prepare(const EntryBatch& batch, std::size_t begin, Group& group) const {
  group.entries = batch.entries.subspan(begin, std::min(kGroup, batch.entries.size() - begin));
  const Entry* const entries = group.entries.data();
  const std::size_t count = group.entries.size();
  const std::uint64_t seed = limits_.hash_seed;
  std::uint32_t keys = 0, set_in_any = 0, set_in_all = ~std::uint32_t{0};
  for (std::size_t i = 0; i < count; ++i) {
    const Entry& entry = entries[i];
    group.hashes[i] = hash_short(entry.k0, entry.k1, entry.klen, seed);
    keys |= entry.klen | (entry.klen + 15);  // A bit past the fifth: the length is past 16.
    set_in_any |= entry.vlen;
    set_in_all &= entry.vlen;
  }
  // A field is the same in all where it is the same in what is set in any, and in all.
  const auto all_have = [&](std::uint32_t field, std::uint32_t value) {
    return (set_in_any & field) == value && (set_in_all & field) == value;
  };
  const auto all_are = [&](EntryKind kind) {
    return all_have(~Entry::kLengthMask, Entry::kind_bits(kind));
  };
  group.all_inline = all_are(EntryKind::inline_value);
  group.all_short_in_heap = all_are(EntryKind::heap) && keys < 32;
  group.are_states = all_have(Entry::kLengthMask, fold_->state_size());
  if (keys < 32) return;
  for (std::size_t i = 0; i < count; ++i) {
    if (entries[i].key_size() <= kPrefixBytes) continue;
    group.hashes[i] = hash_of(emitted_pair(entries[i], batch.heap));
  }
}

void CombineTable::load_slots(const Group& group) const {
  const Slots slots(*this);
  for (const std::uint64_t hash : group.hashes) slots.load(hash);
}

// `next`: the group whose slots are loaded on the way, for nothing behind a batch's last.
Result<void> CombineTable::add_group(const Group& group, const Group& next,
                                     const EntryBatch& batch) {
  const bool are_sums = fold_->is_plain_sum();
  const bool are_short_states = !are_sums && group.all_short_in_heap;
  if (!are_sums && !are_short_states) load_slots(next);
  for (std::size_t at = 0; at < group.entries.size(); ++at) {
    Late late;
    if (are_sums) {
      at = group.all_inline ? add_sums<false>(group, next, at, batch.heap, late)
                            : add_sums<true>(group, next, at, batch.heap, late);
    } else if (are_short_states) {
      if (fold_->state_size() <= kWideSlotState)
        add_states<true>(group, next, batch.heap, late);
      else
        add_states<false>(group, next, batch.heap, late);
      at = group.entries.size();
    }
    for (const std::uint8_t i : late)
      MRUN_TRY(add_pair(emitted_pair(group.entries[i], batch.heap), group.hashes[i]));
    if (at == group.entries.size()) break;
    const Pair pair = emitted_pair(group.entries[at], batch.heap);
    if (EntryBatcher::fits(pair)) {
      MRUN_TRY(add_pair(pair, group.hashes[at]));
      continue;
    }
    // It refers to a key too long for any table. Folds that are not exact keep input order: what is
    // in the table came first.
    if (!fold_->is_exact()) MRUN_TRY(hand_over());
    MRUN_TRY(pass_on({group.entries.subspan(at, 1), batch.heap, batch.heap_bytes}));
  }
  run_folds();  // The values die with the batch.
  return {};
}

[[gnu::always_inline]] inline bool CombineTable::is_other(const Slot& slot, const Entry& entry) {
  return ((slot.k0 ^ entry.k0) | (slot.k1 ^ entry.k1) | (slot.klen ^ entry.klen)) != 0;
}

// The slot of a key of up to 16 bytes, or a free one for it, if one cache line shows it: the one
// that is loaded. Else null, and the next line is on its way.
[[gnu::always_inline]] inline CombineTable::Slot* CombineTable::probe_line(const Slots& slots,
                                                                           const Entry& entry,
                                                                           std::uint64_t hash) {
  std::size_t at = hash & slots.mask;
  do {
    Slot* const slot = slots.at(at);
    // One branch a slot: it is the right one nearly always.
    if (!is_other(*slot, entry) || slot->count == 0) [[likely]]
      return slot;
    at = (at + slots.each) & slots.mask;
  } while (at % kCacheLine != 0);
  slots.load(at);
  return nullptr;
}

// The slot of a key, or a free one for it, wherever it is; null where the probe finds no end.
template <typename IsSame>
CombineTable::Slot* CombineTable::probe(const Slots& slots, std::uint64_t hash, IsSame is_same) {
  for (std::size_t probes = 0, at = hash; probes < kProbesMost; ++probes, at += slots.each) {
    Slot* const slot = slots.at(at & slots.mask);
    if (slot->count == 0 || is_same(*slot)) return slot;
  }
  return nullptr;
}

// The same of a key of up to 16 bytes.
CombineTable::Slot* CombineTable::probe(const Slots& slots, const Entry& entry,
                                        std::uint64_t hash) {
  return probe(slots, hash, [&entry](const Slot& slot) { return !is_other(slot, entry); });
}

// The slot that holds the key, longer than 16 bytes, of an entry whose value is at `value`; null
// where it is not among the first, or there is none.
[[gnu::always_inline]] inline CombineTable::Slot* CombineTable::probe_long(
    const Slots& slots, const Entry& entry, const std::uint8_t* value, std::uint64_t hash) {
  constexpr std::size_t kProbes = 4;
  constexpr std::size_t kStateBytes = sizeof(std::uint64_t);
  for (std::size_t probes = 0, at = hash; probes < kProbes; ++probes, at += slots.each) {
    Slot* const slot = slots.at(at & slots.mask);
    if (slot->count == 0) return nullptr;
    if (!is_other(*slot, entry) && same_words(address_of(slot->state) + kStateBytes,
                                              value + kStateBytes, entry.klen - kPrefixBytes))
      return slot;
  }
  return nullptr;
}

// The common case by itself: one sum, and keys of up to 16 bytes or ones that the table has. Adds
// entries from `begin` on and returns the first that is none of these; `late` gets those before it
// whose probe finds no end.
template <bool kHasOthers>
std::size_t CombineTable::add_sums(const Group& group, const Group& next, std::size_t begin,
                                   const std::uint8_t* heap, Late& late) {
  const Slots slots(*this);
  const Entry* const entries = group.entries.data();
  const std::size_t count = group.entries.size();
  Ledger sums;
  std::size_t fresh = 0;
  const auto note = [&](Slot& slot, std::uint64_t hash, std::uint64_t value) {
    ++slot.count;
    sums.hashes += hash;
    sums.weighed_values += hash * value;
  };
  const auto add = [&](Slot& slot, const Entry& entry, std::uint64_t hash) {
    if (slot.count == 0) [[unlikely]] {
      slot = {entry.k0, entry.k1, entry.klen, 0, 0};
      ++fresh;
    }
    slot.state += entry.v;
    note(slot, hash, entry.v);
  };
  std::size_t i = begin;
  for (; i < count; ++i) {
    const Entry& entry = entries[i];
    const std::uint64_t hash = group.hashes[i];
    slots.load(next.hashes[i]);
    if (kHasOthers && entry.vlen > Entry::kLengthMask) {
      if (entry.kind() != EntryKind::heap || entry.klen <= kPrefixBytes) break;
      // Entries of blocks hold addresses, and come without a heap.
      const std::uint8_t* const bytes = heap == nullptr ? address_of(entry.v) : heap + entry.v;
      Slot* const slot = probe_long(slots, entry, bytes, hash);
      if (slot == nullptr) break;
      const std::uint64_t value = load_word(bytes);
      auto* const state = const_cast<std::uint8_t*>(address_of(slot->state));
      const std::uint64_t sum = load_word(state) + value;
      std::memcpy(state, &sum, sizeof sum);
      note(*slot, hash, value);
    } else if (Slot* const slot = probe_line(slots, entry, hash)) [[likely]] {
      add(*slot, entry, hash);
    } else {
      late.add(i);
    }
  }
  late.settle([&](std::size_t at) {
    Slot* const slot = probe(slots, entries[at], group.hashes[at]);
    if (slot == nullptr) return false;
    add(*slot, entries[at], group.hashes[at]);
    return true;
  });
  used_slots_ += fresh;
  taken_.pairs += i - begin - late.size();
  taken_.hashes += sums.hashes;
  taken_.weighed_values += sums.weighed_values;
  return i;
}

// The same for keys of up to 16 bytes and states of several words, in slots or in the arena: there
// a state is loaded while the slots of the next pairs are probed. It is folded into when the whole
// group has found its own. `late` also gets those for whose states the arena has no room. Pairs of
// one key stay in order: its first line is full for all of them or for none, and after an arena
// that was full once there is none.
template <bool kInSlots>
void CombineTable::add_states(const Group& group, const Group& next, const std::uint8_t* heap,
                              Late& late) {
  const Slots slots(*this);
  const std::uint32_t state_size = fold_->state_size();
  const std::size_t count = group.entries.size();
  std::uint64_t hashes = 0;
  std::size_t waiting = fold_count_;
  bool arena_is_full = false;
  const auto add = [&](Slot* slot, const Entry& entry, std::uint64_t hash) {
    // Entries of blocks hold addresses, and come without a heap.
    const std::uint8_t* const value = heap == nullptr ? address_of(entry.v) : heap + entry.v;
    if (slot->count == 0) [[unlikely]] {
      if (arena_is_full) return false;
      std::uint8_t* const state =
          kInSlots ? reinterpret_cast<std::uint8_t*>(&slot->state) : arena_take(state_size);
      arena_is_full = state == nullptr;
      if (arena_is_full) return false;
      *slot = {entry.k0, entry.k1, entry.klen, 0, reinterpret_cast<std::uintptr_t>(state)};
      std::memcpy(state, value, state_size);
      ++used_slots_;
    } else {
      void* const state = kInSlots ? static_cast<void*>(&slot->state)
                                   : const_cast<std::uint8_t*>(address_of(slot->state));
      if (!kInSlots) __builtin_prefetch(state, 1);
      fold_states_[waiting] = state;
      fold_values_[waiting++] = value;
    }
    ++slot->count;
    hashes += hash;
    return true;
  };
  for (std::size_t i = 0; i < count; ++i) {
    const Entry& entry = group.entries[i];
    const std::uint64_t hash = group.hashes[i];
    slots.load(next.hashes[i]);
    Slot* const slot = probe_line(slots, entry, hash);
    if (slot == nullptr || !add(slot, entry, hash)) late.add(i);
  }
  late.settle([&](std::size_t at) {
    Slot* const slot = probe(slots, group.entries[at], group.hashes[at]);
    return slot != nullptr && add(slot, group.entries[at], group.hashes[at]);
  });
  fold_count_ = waiting;
  taken_.pairs += count - late.size();
  taken_.hashes += hashes;
}

Result<void> CombineTable::add_pair(const Pair& pair, std::uint64_t hash) {
  Slot* slot = find(pair, hash);
  if (slot != nullptr && slot->count == 0 && !fill(*slot, pair)) {
    MRUN_TRY(make_arena_room());
    slot = find(pair, hash);
    if (!fill(*slot, pair)) return pass_by(pair);  // It fits no table of this share.
  } else if (slot != nullptr && slot->count != 0 && !fold_->is_plain_sum()) {
    fold_in(*slot, pair);
  } else if (slot != nullptr && slot->count != 0) {
    add_to_sum(*slot, pair);
  }
  if (slot == nullptr) {
    if (!fold_->is_exact()) MRUN_TRY(hand_over());
    return pass_by(pair);
  }
  ++slot->count;
  ++taken_.pairs;
  taken_.hashes += hash;
  if (fold_->is_plain_sum()) {
    std::uint64_t value;
    std::memcpy(&value, pair.value, sizeof value);
    taken_.weighed_values += hash * value;
  }
  return {};
}

CombineTable::Slot* CombineTable::find(const Pair& pair, std::uint64_t hash) {
  return probe(Slots(*this), hash, [&](const Slot& slot) {
    return slot.k0 == pair.k0 && slot.k1 == pair.k1 && slot.klen == pair.klen &&
           same_key(pair_of(slot), pair);
  });
}

Pair CombineTable::pair_of(const Slot& slot) const {
  Pair pair{slot.k0, slot.k1, slot.klen, fold_->state_size(), nullptr, nullptr, 0};
  pair.value = is_apart(slot.klen) ? address_of(slot.state)
                                   : reinterpret_cast<const std::uint8_t*>(&slot.state);
  pair.tail = pair.value + pair.vlen;
  return pair;
}

// Makes the pair the slot's first. False where its bytes do not fit the arena.
bool CombineTable::fill(Slot& slot, const Pair& pair) {
  if (!is_apart(pair.klen)) {
    slot = {pair.k0, pair.k1, pair.klen, 0, 0};
    std::memcpy(reinterpret_cast<std::uint8_t*>(&slot.state), pair.value, pair.vlen);
  } else {
    const std::size_t tail = pair.tail_size();
    std::uint8_t* const bytes = arena_take(pair.vlen + tail);
    if (bytes == nullptr) return false;
    std::memcpy(bytes, pair.value, pair.vlen);
    if (tail != 0) std::memcpy(bytes + pair.vlen, pair.tail, tail);
    slot = {pair.k0, pair.k1, pair.klen, 0, reinterpret_cast<std::uintptr_t>(bytes)};
  }
  ++used_slots_;
  return true;
}

void CombineTable::fold_in(Slot& slot, const Pair& pair) {
  fold_states_[fold_count_] = const_cast<std::uint8_t*>(pair_of(slot).value);
  fold_values_[fold_count_++] = pair.value;
}

void CombineTable::add_to_sum(Slot& slot, const Pair& pair) const {
  std::uint64_t sum, value;
  auto* const state = const_cast<std::uint8_t*>(pair_of(slot).value);
  std::memcpy(&sum, state, sizeof sum);
  std::memcpy(&value, pair.value, sizeof value);
  sum += value;
  std::memcpy(state, &sum, sizeof sum);
}

void CombineTable::run_folds() {
  if (fold_count_ != 0)
    fold_->fold(std::span(fold_states_).first(fold_count_),
                std::span(fold_values_).first(fold_count_));
  fold_count_ = 0;
}

}  // namespace mrun
