#include "shuffle/combine_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/hash.hpp"
#include "shuffle/entry_block.hpp"

namespace mrun {

CombineTable::CombineTable(const StateFold& fold, EntrySink& sink, const Limits& limits,
                           PageBuffer slots)
    : fold_(&fold),
      sink_(&sink),
      limits_(limits),
      slots_(std::move(slots)),
      mask_(slots_.size() / sizeof(Slot) - 1),
      mark_(keys_when_full() / 2),
      batcher_(sink) {}

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

Result<void> CombineTable::check_values(const EntryBatch& batch) const {
  const std::uint32_t size = fold_->state_size();
  std::uint32_t differing = 0;
  for (const Entry& entry : batch.entries) differing |= entry.value_size() ^ size;
  if (differing == 0) return {};
  const auto wrong = std::find_if(batch.entries.begin(), batch.entries.end(),
                                  [&](const Entry& entry) { return entry.value_size() != size; });
  return no_state(wrong->value_size());
}

Failure CombineTable::no_state(std::uint64_t value_bytes) const {
  return fail(Code::plugin, fmt::format("the job broke the contract: it emitted a value of {} "
                                        "bytes to a combiner of {}-byte states",
                                        value_bytes, fold_->state_size()));
}

Result<void> CombineTable::add(const EntryBatch& batch) {
  if (bypass_left_ > 0) {
    MRUN_TRY(check_values(batch));
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
    if (!group.are_states) return check_values(batch);
    // A table that grows or is emptied here is not the one that was loaded: that costs time only.
    if (used_slots_ + kGroup > mark_) MRUN_TRY(reach_mark());
    MRUN_TRY(add_group(group, batch));
  }
  return {};
}

std::uint8_t* CombineTable::arena_take(std::size_t bytes) {
  bytes = (bytes + 7) / 8 * 8;
  while (arenas_used_ == 0 || arena_used_ + bytes > arena_[arenas_used_ - 1].size()) {
    if (arenas_used_ == arena_.size() && !add_arena(bytes)) return nullptr;
    ++arenas_used_;
    arena_used_ = 0;
  }
  std::uint8_t* const taken = arena_[arenas_used_ - 1].bytes() + arena_used_;
  arena_used_ += bytes;
  return taken;
}

// False where the share has no room for one that holds `bytes`.
bool CombineTable::add_arena(std::size_t bytes) {
  if (used_slots_ == 0) drop_arenas();  // All of them are too small.
  const std::size_t taken = slots_.size() + arena_bytes_;
  const std::size_t left = limits_.share_bytes - std::min(limits_.share_bytes, taken);
  // As much again as there is: large buffers get huge pages.
  const std::size_t wanted = std::clamp(arena_bytes_, kArenaBytesLeast, kArenaBytesMost);
  const std::size_t size = std::max(std::min({wanted, limits_.share_bytes / 8, left}), bytes);
  if (size > left) return false;
  auto buffer = PageBuffer::allocate(*limits_.budget, size);
  if (!buffer) return false;
  arena_bytes_ += buffer->size();
  arena_.push_back(*std::move(buffer));
  return true;
}

// Half full, the table begins to watch its keys; full, it needs room.
Result<void> CombineTable::reach_mark() {
  if (used_slots_ + kGroup > keys_when_full()) return make_room();
  watch_keys();
  return {};
}

void CombineTable::watch_keys() {
  const Slot* const slots = slots_.as<Slot>();
  const std::size_t watched = std::min(kWatchedMost, slot_count());
  const std::size_t step = slot_count() / watched;
  for (std::size_t i = 0; i < watched; ++i) watched_counts_.push_back(slots[i * step].count);
  mark_ = keys_when_full();
}

// Whether keys come and go: of those that came often while the table became half full, most have
// not come since. Where keys come at random nearly all of them do.
bool CombineTable::keys_come_and_go() const {
  if (watched_counts_.empty() || taken_.pairs < 2 * used_slots_) return false;
  const Slot* const slots = slots_.as<Slot>();
  const std::size_t step = slot_count() / watched_counts_.size();
  std::size_t watched = 0, came_again = 0;
  for (std::size_t i = 0; i < watched_counts_.size(); ++i) {
    if (watched_counts_[i] < kOften) continue;
    ++watched;
    came_again += slots[i * step].count != watched_counts_[i] ? 1u : 0u;
  }
  return watched >= kOftenLeast && came_again * 2 <= watched;
}

Result<void> CombineTable::make_room() {
  run_folds();
  if (used_slots_ + kGroup > keys_when_full()) {
    come_once_ = keys_come_and_go();
    if (come_once_) return hand_over();
    MRUN_TRY_ASSIGN(const bool grown, grow());
    if (grown) return {};
  }
  // A table that mostly meets new keys costs more than it saves: let pairs pass it for a while.
  const bool mostly_new = used_slots_ * 2 > taken_.pairs;
  MRUN_TRY(hand_over());
  if (mostly_new) bypass_left_ = kBypassPairs;
  return {};
}

// Begins to load what a slot some way behind `slot` keeps in the arena, for a walk over all of
// them.
void CombineTable::prefetch_apart(std::span<const Slot> slots, const Slot& slot) const {
  constexpr std::ptrdiff_t kAhead = 32;
  if (&slots.back() - &slot < kAhead) return;
  const Slot& ahead = (&slot)[kAhead];
  if (is_wide(ahead.klen)) __builtin_prefetch(address_of(ahead.state));
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
  const std::span<const Slot> slots(slots_.as<Slot>(), slot_count());
  for (const bool are_often : {true, false}) {
    for (const Slot& slot : slots) {
      prefetch_apart(slots, slot);
      if (slot.count == 0 || (slot.count >= often) != are_often) continue;
      std::size_t at = hash_of(pair_of(slot)) & mask;
      while (to[at].count != 0) at = (at + 1) & mask;
      to[at] = slot;
    }
  }
  slots_ = *std::move(bigger);
  mask_ = mask;
  watched_counts_.clear();
  mark_ = keys_when_full() / 2;
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
    mark_ = keys_when_full() / 2;
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
  const std::span<const Slot> slots(slots_.as<Slot>(), slot_count());
  for (const Slot& slot : slots) {
    prefetch_apart(slots, slot);
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
  watched_counts_.clear();
  mark_ = keys_when_full() / 2;
  arenas_used_ = 0;
  arena_used_ = 0;
  // They are warm. Folds that are not exact must not see the past in what there is room for.
  if (!fold_->is_exact()) drop_arenas();
}

void CombineTable::drop_arenas() {
  arena_.clear();
  arenas_used_ = 0;
  arena_used_ = 0;
  arena_bytes_ = 0;
}

}  // namespace mrun
