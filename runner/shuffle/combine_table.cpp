#include "shuffle/combine_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/hash.hpp"
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

}  // namespace

CombineTable::CombineTable(const StateFold& fold, EntrySink& sink, const Limits& limits,
                           PageBuffer slots)
    : fold_(&fold),
      sink_(&sink),
      limits_(limits),
      slots_(std::move(slots)),
      mask_(slots_.size() / sizeof(Slot) - 1),
      batcher_(sink) {
  fold_states_.reserve(kGroup);
  fold_values_.reserve(kGroup);
}

Result<CombineTable> CombineTable::create(const StateFold& fold, EntrySink& sink,
                                          const Limits& limits) {
  MRUN_TRY_ASSIGN(
      PageBuffer slots,
      PageBuffer::allocate(*limits.budget, first_slots(limits.share_bytes) * sizeof(Slot)));
  return CombineTable(fold, sink, limits, std::move(slots));
}

std::size_t CombineTable::first_slots(std::size_t share_bytes) {
  return std::min(kFirstSlotsMost, std::bit_floor(share_bytes / 2 / sizeof(Slot)));
}

std::size_t CombineTable::keys_most(std::size_t share_bytes, double arena_bytes) {
  const auto slot_bytes = [](std::size_t slots) {
    return static_cast<double>(slots * sizeof(Slot));
  };
  const auto keys_at = [](std::size_t slots) { return static_cast<double>(slots / 8 * 5); };
  const auto share = static_cast<double>(share_bytes);
  std::size_t slots = first_slots(share_bytes);
  while (3 * slot_bytes(slots) + arena_bytes * keys_at(slots) <= share) slots *= 2;
  const double in_arena =
      arena_bytes > 0 ? (share - slot_bytes(slots)) / arena_bytes : keys_at(slots);
  return static_cast<std::size_t>(std::max(1.0, std::min(keys_at(slots), in_arena)));
}

std::uint64_t CombineTable::hash_of(const Pair& pair) const {
  const std::uint64_t hash = hash_short(pair.k0, pair.k1, pair.klen, limits_.hash_seed);
  return pair.klen > kPrefixBytes
             ? hash ^ hash64(pair.tail, pair.klen - kPrefixBytes, limits_.hash_seed)
             : hash;
}

Result<void> CombineTable::check_values(const EntryBatch& batch) const {
  const std::uint32_t size = fold_->state_size();
  const auto wrong = std::find_if(batch.entries.begin(), batch.entries.end(),
                                  [&](const Entry& entry) { return entry.value_size() != size; });
  return wrong == batch.entries.end() ? Result<void>() : no_state(wrong->value_size());
}

Failure CombineTable::no_state(std::uint64_t value_bytes) const {
  return fail(Code::plugin, fmt::format("the job broke the contract: it emitted a value of {} "
                                        "bytes to a combiner of {}-byte states",
                                        value_bytes, fold_->state_size()));
}

Result<void> CombineTable::add(const EntryBatch& batch) {
  MRUN_TRY(check_values(batch));
  if (bypass_left_ > 0) {
    // What the batch that began the bypass left in the table was emitted before.
    if (used_slots_ != 0) MRUN_TRY(hand_over());
    bypass_left_ -= std::min<std::uint64_t>(bypass_left_, batch.entries.size());
    return pass_on(batch);
  }
  if (taken_.pairs >= kPairsMost) MRUN_TRY(flush());
  // A group's slots are being loaded while the group before it is probed.
  std::array<Group, 2> groups;
  const std::size_t count = batch.entries.size();
  if (count != 0) prepare(batch, 0, groups[0]);
  for (std::size_t begin = 0; begin < count; begin += kGroup) {
    Group& group = groups[begin / kGroup % 2];
    if (begin + kGroup < count) prepare(batch, begin + kGroup, groups[(begin / kGroup + 1) % 2]);
    // A table that grows or is emptied here is not the one that was loaded: that costs time only.
    if ((used_slots_ + kGroup) * 8 > slot_count() * 5) MRUN_TRY(make_room());
    MRUN_TRY(add_group(group, batch));
  }
  return {};
}

// Hashes the entries of a group and begins to load their slots.
void CombineTable::prepare(const EntryBatch& batch, std::size_t begin, Group& group) const {
  group.entries = batch.entries.subspan(begin, std::min(kGroup, batch.entries.size() - begin));
  const Slot* const slots = slots_.as<Slot>();
  std::uint32_t kinds = 0;
  for (std::size_t i = 0; i < group.entries.size(); ++i) {
    const Entry& entry = group.entries[i];
    const std::uint64_t hash = hash_short(entry.k0, entry.k1, entry.klen, limits_.hash_seed);
    group.hashes[i] = hash;
    kinds |= entry.vlen;
    __builtin_prefetch(&slots[hash & mask_], 1);
  }
  group.all_inline = kinds <= Entry::kLengthMask;
  if (group.all_inline) return;
  for (std::size_t i = 0; i < group.entries.size(); ++i) {
    if (group.entries[i].kind() == EntryKind::inline_value) continue;
    group.hashes[i] = hash_of(emitted_pair(group.entries[i], batch.heap));
    __builtin_prefetch(&slots[group.hashes[i] & mask_], 1);
  }
}

Result<void> CombineTable::add_group(const Group& group, const EntryBatch& batch) {
  for (std::size_t at = 0; at < group.entries.size(); ++at) {
    if (group.all_inline && fold_->is_plain_sum()) {
      at = add_short(group, at);
      if (at == group.entries.size()) break;
    }
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

// The common case by itself: keys of up to 16 bytes and one sum. Adds entries from `begin` on and
// returns the first whose probe finds no end.
std::size_t CombineTable::add_short(const Group& group, std::size_t begin) {
  // Locals: what is written to slots could else be a member.
  Slot* const slots = slots_.as<Slot>();
  const std::size_t mask = mask_;
  const Entry* const entries = group.entries.data();
  const std::size_t count = group.entries.size();
  Ledger sums;
  std::size_t fresh = 0;
  std::size_t i = begin;
  for (; i < count; ++i) {
    const Entry& entry = entries[i];
    const std::uint64_t hash = group.hashes[i];
    Slot* slot = &slots[hash & mask];
    // One branch a slot: it is the right one nearly always.
    const auto is_other = [&] {
      return ((slot->k0 ^ entry.k0) | (slot->k1 ^ entry.k1) | (slot->klen ^ entry.klen)) != 0;
    };
    if (is_other() && slot->count != 0) [[unlikely]] {
      std::size_t probes = 1;
      do {
        slot = &slots[(hash + probes) & mask];
      } while (is_other() && slot->count != 0 && ++probes < kProbesMost);
      if (probes == kProbesMost) break;
    }
    if (slot->count == 0) [[unlikely]] {
      *slot = {entry.k0, entry.k1, entry.klen, 0, 0};
      ++fresh;
    }
    ++slot->count;
    slot->state += entry.v;
    sums.hashes += hash;
    sums.weighed_values += hash * entry.v;
  }
  used_slots_ += fresh;
  taken_.pairs += i - begin;
  taken_.hashes += sums.hashes;
  taken_.weighed_values += sums.weighed_values;
  return i;
}

Result<void> CombineTable::add_pair(const Pair& pair, std::uint64_t hash) {
  Slot* slot = find(pair, hash);
  if (slot != nullptr && slot->count == 0 && !fill(*slot, pair)) {
    if (used_slots_ == 0) return pass_by(pair);  // It fits no table of this share.
    MRUN_TRY(make_room());
    slot = find(pair, hash);
    if (slot != nullptr && !fill(*slot, pair)) slot = nullptr;
  } else if (slot != nullptr && slot->count != 0) {
    fold_in(*slot, pair);
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
  Slot* const slots = slots_.as<Slot>();
  std::size_t at = hash & mask_;
  for (std::size_t probes = 0; probes < kProbesMost; ++probes, at = (at + 1) & mask_) {
    Slot& slot = slots[at];
    if (slot.count == 0) return &slot;
    if (slot.k0 == pair.k0 && slot.k1 == pair.k1 && slot.klen == pair.klen &&
        same_key(pair_of(slot), pair)) {
      return &slot;
    }
  }
  return nullptr;
}

Pair CombineTable::pair_of(const Slot& slot) const {
  Pair pair{slot.k0, slot.k1, slot.klen, fold_->state_size(), nullptr, nullptr, 0};
  pair.value = is_wide(slot.klen)
                   ? reinterpret_cast<const std::uint8_t*>(static_cast<std::uintptr_t>(slot.state))
                   : reinterpret_cast<const std::uint8_t*>(&slot.state);
  pair.tail = pair.value + pair.vlen;
  return pair;
}

// Makes the pair the slot's first. False where its bytes do not fit the arena.
bool CombineTable::fill(Slot& slot, const Pair& pair) {
  std::uint64_t state = 0;
  if (is_wide(pair.klen)) {
    const std::size_t tail = pair.tail_size();
    std::uint8_t* const bytes = arena_take(pair.vlen + tail);
    if (bytes == nullptr) return false;
    std::memcpy(bytes, pair.value, pair.vlen);
    if (tail != 0) std::memcpy(bytes + pair.vlen, pair.tail, tail);
    state = reinterpret_cast<std::uintptr_t>(bytes);
  } else {
    std::memcpy(&state, pair.value, pair.vlen);
  }
  slot = {pair.k0, pair.k1, pair.klen, 0, state};
  ++used_slots_;
  return true;
}

void CombineTable::fold_in(Slot& slot, const Pair& pair) {
  fold_states_.push_back(const_cast<std::uint8_t*>(pair_of(slot).value));
  fold_values_.push_back(pair.value);
  if (fold_values_.size() == StateFold::kBatch) run_folds();
}

void CombineTable::run_folds() {
  if (!fold_values_.empty()) fold_->fold(fold_states_, fold_values_);
  fold_states_.clear();
  fold_values_.clear();
}

std::uint8_t* CombineTable::arena_take(std::size_t bytes) {
  bytes = (bytes + 7) / 8 * 8;
  if (arena_.empty() || arena_used_ + bytes > arena_.back().size()) {
    const std::size_t size = std::max(std::min(kArenaBytesMost, limits_.share_bytes / 8), bytes);
    if (slots_.size() + arena_bytes_ + size > limits_.share_bytes) return nullptr;
    auto buffer = PageBuffer::allocate(*limits_.budget, size);
    if (!buffer) return nullptr;
    arena_bytes_ += buffer->size();
    arena_.push_back(*std::move(buffer));
    arena_used_ = 0;
  }
  std::uint8_t* const taken = arena_.back().bytes() + arena_used_;
  arena_used_ += bytes;
  return taken;
}

Result<void> CombineTable::make_room() {
  run_folds();
  if ((used_slots_ + kGroup) * 8 > slot_count() * 5) {
    MRUN_TRY_ASSIGN(const bool grown, grow());
    if (grown) return {};
  }
  // A table that mostly meets new keys costs more than it saves: let pairs pass it for a while.
  const bool mostly_new = used_slots_ * 2 > taken_.pairs;
  MRUN_TRY(hand_over());
  if (mostly_new) bypass_left_ = kBypassPairs;
  return {};
}

Result<bool> CombineTable::grow() {
  const std::size_t size = slots_.size() * 2;
  if (size + slots_.size() + arena_bytes_ > limits_.share_bytes) return false;
  auto bigger = PageBuffer::allocate(*limits_.budget, size);
  if (!bigger) return false;
  const std::size_t mask = size / sizeof(Slot) - 1;
  Slot* const to = bigger->as<Slot>();
  // Keys that come more often than others go first, so that most pairs find theirs where they look
  // first.
  const std::uint64_t often = taken_.pairs / used_slots_ * 4 + 1;
  for (const bool are_often : {true, false}) {
    for (const Slot& slot : std::span<const Slot>(slots_.as<Slot>(), slot_count())) {
      if (slot.count == 0 || (slot.count >= often) != are_often) continue;
      std::size_t at = hash_of(pair_of(slot)) & mask;
      while (to[at].count != 0) at = (at + 1) & mask;
      to[at] = slot;
    }
  }
  slots_ = *std::move(bigger);
  mask_ = mask;
  return true;
}

// Hands on entries that the table does not keep.
Result<void> CombineTable::pass_on(const EntryBatch& batch) {
  passed_ += batch.entries.size();
  return sink_->accept(batch);
}

Result<void> CombineTable::add_big(Slice key, Slice value) {
  if (value.size != fold_->state_size()) return no_state(value.size);
  if (!fold_->is_exact()) MRUN_TRY(hand_over());
  ++passed_;
  return sink_->accept_big(key, value);
}

Result<void> CombineTable::flush() {
  MRUN_TRY(hand_over());
  bypass_left_ = 0;
  const std::size_t first = first_slots(limits_.share_bytes);
  if (!fold_->is_exact() && slot_count() > first) {
    // The size decides when the table is full; folds that are not exact must not see the past.
    slots_ = PageBuffer();
    MRUN_TRY_ASSIGN(slots_, PageBuffer::allocate(*limits_.budget, first * sizeof(Slot)));
    mask_ = first - 1;
  }
  return {};
}

// Hands on one pair that the table does not keep, without all of its batch's heap.
Result<void> CombineTable::pass_by(const Pair& pair) {
  ++taken_before_;
  MRUN_TRY(batcher_.add(pair));
  return batcher_.send();
}

Result<void> CombineTable::hand_over() {
  run_folds();
  if (used_slots_ == 0) return {};
  Ledger given;
  for (const Slot& slot : std::span<const Slot>(slots_.as<Slot>(), slot_count())) {
    if (slot.count == 0) continue;
    const Pair pair = pair_of(slot);
    const std::uint64_t hash = hash_of(pair);
    given.pairs += slot.count;
    given.hashes += hash * slot.count;
    if (fold_->is_plain_sum()) {
      std::uint64_t sum;
      std::memcpy(&sum, pair.value, sizeof sum);
      given.weighed_values += hash * sum;
    }
    MRUN_TRY(batcher_.add(pair));
  }
  MRUN_TRY(batcher_.send());
  if (given != taken_) {
    return fail(Code::integrity,
                fmt::format("the combine table took {} pairs and gave back {}: a pair was lost, "
                            "doubled or changed in memory",
                            taken_.pairs, given.pairs),
                "this is a bug in mrun or a fault of the machine's memory; nothing was written");
  }
  taken_before_ += taken_.pairs;
  forget();
  return {};
}

void CombineTable::forget() {
  if (used_slots_ != 0) std::memset(slots_.data(), 0, slots_.size());
  used_slots_ = 0;
  taken_ = Ledger();
  arena_.clear();
  arena_used_ = 0;
  arena_bytes_ = 0;
}

}  // namespace mrun
