#include "shuffle/combine_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/hash.hpp"
#include "os/machine.hpp"
#include "shuffle/entry_block.hpp"

namespace mrun {

CombineTable::CombineTable(const StateFold& fold, EntrySink& sink, const Limits& limits,
                           GrowingPages slots)
    : fold_(&fold),
      sink_(&sink),
      limits_(limits),
      slot_bytes_(slot_bytes(fold.state_size())),
      slots_(std::move(slots)),
      mark_(keys_when_full() / 2),
      batcher_(sink) {}

Result<CombineTable> CombineTable::create(const StateFold& fold, EntrySink& sink,
                                          const Limits& limits) {
  // Memory is taken by the page. The rest of one would be had where other tables leave room in the
  // budget, and not by a table alone: where a fold is not exact, the number of threads would show.
  Limits whole = limits;
  whole.share_bytes -= whole.share_bytes % page_bytes();
  const std::size_t first = first_bytes(slot_bytes(fold.state_size()), whole);
  const std::size_t most = std::bit_floor(whole.share_bytes);
  // With less address space a table of an exact fold is only flushed sooner.
  MRUN_TRY_ASSIGN(GrowingPages slots,
                  GrowingPages::reserve(*whole.budget, fold.is_exact() ? first : most, most));
  MRUN_TRY(slots.resize(first));
  return CombineTable(fold, sink, whole, std::move(slots));
}

std::size_t CombineTable::first_bytes(std::size_t slot_bytes, const Limits& limits) {
  return std::min(limits.first_slots * slot_bytes, std::bit_floor(limits.share_bytes / 2));
}

std::size_t CombineTable::keys_most(std::uint32_t state_size, std::size_t share_bytes,
                                    double arena_bytes) {
  const std::size_t one = slot_bytes(state_size);
  const auto keys_at = [](std::size_t slots) { return static_cast<double>(slots / 8 * 5); };
  const auto bytes_of = [&](std::size_t slots) { return static_cast<double>(slots * one); };
  const auto share = static_cast<double>(share_bytes);
  std::size_t slots = first_bytes(one, {.share_bytes = share_bytes}) / one;
  while (bytes_of(2 * slots) + arena_bytes * keys_at(slots) <= share) slots *= 2;
  const double in_arena =
      arena_bytes > 0 ? (share - bytes_of(slots)) / arena_bytes : keys_at(slots);
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
  // A group's slots are loaded while the group before it is probed.
  std::array<Group, 2> groups;
  const std::size_t count = batch.entries.size();
  if (count != 0) {
    prepare(batch, 0, groups[0]);
    load_slots(groups[0]);
  }
  for (std::size_t begin = 0; begin < count; begin += kGroup) {
    const Group& group = groups[begin / kGroup % 2];
    Group& next = groups[(begin / kGroup + 1) % 2];
    if (begin + kGroup < count) prepare(batch, begin + kGroup, next);
    if (!group.are_states) return check_values(batch);
    // A table that grows or is emptied here is not the one that was loaded: that costs time only.
    if (used_slots_ + kGroup > mark_) MRUN_TRY(reach_mark());
    MRUN_TRY(add_group(group, next, batch));
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

// For a table that is empty, or has another size than it had.
void CombineTable::forget_watched() {
  watched_counts_.clear();
  mark_ = keys_when_full() / 2;
}

void CombineTable::watch_keys() {
  const std::size_t watched = std::min(kWatchedMost, slot_count());
  const std::size_t step = slots_.size() / watched;
  for (std::size_t i = 0; i < watched; ++i) watched_counts_.push_back(slot_at(i * step)->count);
  mark_ = keys_when_full();
}

// Whether keys come and go: of those that came often while the table became half full, most have
// not come since. Where keys come at random nearly all of them do.
bool CombineTable::keys_come_and_go() const {
  if (watched_counts_.empty() || taken_.pairs < 2 * used_slots_) return false;
  const std::size_t step = slots_.size() / watched_counts_.size();
  std::size_t watched = 0, came_again = 0;
  for (std::size_t i = 0; i < watched_counts_.size(); ++i) {
    if (watched_counts_[i] < kOften) continue;
    ++watched;
    came_again += slot_at(i * step)->count != watched_counts_[i] ? 1u : 0u;
  }
  return watched >= kOftenLeast && came_again * 2 <= watched;
}

Result<void> CombineTable::make_room() {
  run_folds();
  come_once_ = keys_come_and_go();
  if (come_once_) return hand_over();
  MRUN_TRY_ASSIGN(const bool grown, grow());
  return grown ? Result<void>() : empty();
}

// For a pair that the arena has no room for. Slots that have come to take most of the share, while
// keys were short, give half of it back.
Result<void> CombineTable::make_arena_room() {
  if (used_slots_ != 0) MRUN_TRY(empty());
  if (slots_.size() * 2 <= limits_.share_bytes) return {};
  MRUN_TRY(slots_.resize(slots_.size() / 2));
  forget_watched();
  return {};
}

// A table that mostly meets new keys costs more than it saves: then it lets pairs pass it for a
// while.
Result<void> CombineTable::empty() {
  const bool mostly_new = used_slots_ * 2 > taken_.pairs;
  MRUN_TRY(hand_over());
  if (mostly_new) bypass_left_ = kBypassPairs;
  return {};
}

// Begins to load what a slot some way behind this one keeps in the arena, for a walk over all of
// them.
void CombineTable::prefetch_apart(std::size_t offset) const {
  constexpr std::size_t kAhead = 32;
  const std::size_t ahead = offset + kAhead * slot_bytes_;
  if (ahead >= slots_.size()) return;
  const Slot& slot = *slot_at(ahead);
  if (is_apart(slot.klen) && slot.count != 0) __builtin_prefetch(address_of(slot.state));
}

Result<bool> CombineTable::grow() {
  const std::size_t size = slots_.size() * 2;
  if (size + arena_bytes_ > limits_.share_bytes || !slots_.resize(size)) return false;
  if (used_slots_ != 0) spread_from_half();
  forget_watched();
  return true;
}

// Moves the keys of the first half of the slots to where they belong among all. Each chain of slots
// without a gap goes from its begin on, so that no key comes to lie further behind its place than
// the chain reached: on a slot that was left before. A key that comes much more often than others
// goes before them, so that most pairs find theirs where they look first.
void CombineTable::spread_from_half() {
  const std::size_t half = slots_.size() / 2, half_mask = half - slot_bytes_,
                    mask = slots_.size() - slot_bytes_;
  const std::uint64_t often = taken_.pairs / used_slots_ * 4 + 1;
  union {
    Slot slot;
    std::uint8_t bytes[kWideSlot];
  } moved, other;
  std::size_t gap = 0;
  while (slot_at(gap)->count != 0) gap += slot_bytes_;
  for (std::size_t i = slot_bytes_; i < half; i += slot_bytes_) {
    const std::size_t from = (gap + i) & half_mask;
    prefetch_apart(from);
    if (slot_at(from)->count == 0) continue;
    std::memcpy(moved.bytes, slot_at(from), slot_bytes_);
    slot_at(from)->count = 0;
    std::size_t to = hash_of(pair_of(moved.slot)) & mask;
    for (; slot_at(to)->count != 0; to = (to + slot_bytes_) & mask) {
      if (moved.slot.count < often || slot_at(to)->count >= moved.slot.count) continue;
      std::memcpy(other.bytes, slot_at(to), slot_bytes_);
      std::memcpy(slot_at(to), moved.bytes, slot_bytes_);
      std::swap(moved, other);
    }
    std::memcpy(slot_at(to), moved.bytes, slot_bytes_);
  }
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
  if (fold_->is_exact()) return {};
  // The size decides when the table is full; folds that are not exact must not see the past.
  MRUN_TRY(slots_.resize(first_bytes(slot_bytes_, limits_)));
  forget_watched();
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
  for (std::size_t at = 0; at < slots_.size(); at += slot_bytes_) {
    prefetch_apart(at);
    const Slot& slot = *slot_at(at);
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
  if (used_slots_ != 0) std::memset(slots_.bytes(), 0, slots_.size());
  used_slots_ = 0;
  taken_ = Ledger();
  forget_watched();
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
