// CombineTable: folds emitted pairs of equal keys in memory before they are kept for sorting.
//
// Open addressing with linear probing over slots of 32 or 64 bytes; 16 key bytes and a state of up
// to 8 or 40 bytes lie in the slot, all else in an arena beside it. Entries are hashed and their
// slots prefetched 64 at a time while those before are probed, so that cache misses overlap with
// each other and with work. The table begins small and doubles in place at 5/8 load up to its share
// of memory; then it is flushed to the sink behind it. It is flushed instead of growing where keys
// come many times in a short while and then no more, as those do that name the file they were found
// in: a larger table would hardly fold more, and the small one stays in the cache.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "model/user_code.hpp"
#include "os/growing_pages.hpp"
#include "os/page_buffer.hpp"
#include "shuffle/entry_batcher.hpp"
#include "shuffle/pair.hpp"
#include "shuffle/state_fold.hpp"

namespace mrun {

/// One thread at a time. What goes in comes out of `flush`, each key at most once a flush.
class CombineTable {
 public:
  /// Slots that a table begins with; fewer only in a tiny share.
  static constexpr std::size_t kFirstSlots = std::size_t{1} << 15;

  struct Limits {
    MemoryBudget* budget = nullptr;  ///< Charged for slots and arena.
    std::size_t share_bytes = 0;     ///< The most that this table may use of it.
    /// Differs from process to process, but for folds that are not exact.
    std::uint64_t hash_seed = 0;
    std::size_t first_slots = kFirstSlots;
  };
  /// `fold` and `sink` outlive the table. Fails with Code::limit where not even the smallest table
  /// fits.
  static Result<CombineTable> create(const StateFold& fold, EntrySink& sink, const Limits& limits);
  CombineTable(CombineTable&&) = default;

  /// Keys that a table of this share holds when it is full; `arena_bytes`: of each, on average.
  static std::size_t keys_most(std::uint32_t state_size, std::size_t share_bytes,
                               double arena_bytes);
  /// What a key takes in the arena, beside its slot.
  static std::size_t arena_bytes(std::uint32_t klen, std::uint32_t state_size) {
    const std::size_t tail = klen > kPrefixBytes ? klen - kPrefixBytes : 0;
    return is_apart(klen, state_size) ? (state_size + tail + 7) / 8 * 8 : 0;
  }

  /// Folds a batch in. Each value must be a state; Code::plugin where one is not.
  Result<void> add(const EntryBatch& batch);
  /// As `add`, for a pair beyond an entry's limits: it goes straight to the sink.
  Result<void> add_big(Slice key, Slice value);
  /// Hands all that it holds to the sink; afterwards it is as if new, whatever it held before.
  /// Code::integrity if a pair was lost or doubled.
  Result<void> flush();

  /// After a flush: pairs that came in, and entries that the sink was given.
  struct Totals {
    std::uint64_t taken = 0, given = 0;
  };
  Totals totals() const { return {taken_before_ + passed_, batcher_.sent() + passed_}; }
  /// Whether the table, when it was last full, held keys that come and go: what has left it will
  /// hardly come again.
  bool keys_come_once() const { return come_once_; }

 private:
  static constexpr std::size_t kGroup = 64;  // Entries hashed and prefetched together.
  static constexpr std::size_t kProbesMost =
      64;  // Beyond it a pair goes past the table: keys built to collide.
  static constexpr std::uint64_t kBypassPairs = std::uint64_t{8}
                                                << 20;  // Then the table is tried again.
  static constexpr std::uint64_t kPairsMost = std::uint64_t{1}
                                              << 31;  // A slot's count has 32 bits.
  static constexpr std::size_t kWatchedMost = 2048;   // Slots whose keys are watched.
  static constexpr std::uint32_t kOften = 3;          // Pairs of a key that would come again soon.
  static constexpr std::size_t kOftenLeast = 32;      // Such keys; fewer say too little.
  static constexpr std::size_t kArenaBytesLeast = std::size_t{256} << 10;
  static constexpr std::size_t kArenaBytesMost = std::size_t{4} << 20;

  static constexpr std::size_t kCacheLine = 64;

  struct Slot {
    std::uint64_t k0, k1;
    std::uint32_t klen;
    std::uint32_t count;  // Pairs folded in; 0: empty.
    // The state, whose other words follow in a wide slot, or the address of the state and the key's
    // tail behind it.
    std::uint64_t state;
  };
  static_assert(sizeof(Slot) == 32);
  // A cache line, which a state of several words shares with its key.
  static constexpr std::size_t kWideSlot = kCacheLine;
  static constexpr std::uint32_t kSlotState = sizeof(Slot::state),
                                 kWideSlotState = kWideSlot - sizeof(Slot) + sizeof(Slot::state);

  // Entries that are hashed: their slots are loaded next.
  struct Group {
    std::span<const Entry> entries;
    bool all_inline;
    bool are_states;         // All values have the size of states.
    bool all_short_in_heap;  // Keys of up to 16 bytes, values in the batch's heap.
    // Behind those of the entries are ones of before, or zeros: a slot may be loaded for nothing.
    std::array<std::uint64_t, kGroup> hashes{};
  };

  // Entries of a group, in order, that are not settled where they were first looked for.
  class Late {
   public:
    void add(std::size_t entry) { entries_[size_++] = static_cast<std::uint8_t>(entry); }
    // Keeps those for which `settled` is false.
    template <typename Settled>
    void settle(Settled settled) {
      const std::size_t count = std::exchange(size_, 0);
      for (std::size_t i = 0; i < count; ++i)
        if (!settled(entries_[i])) add(entries_[i]);
    }
    std::size_t size() const { return size_; }
    const std::uint8_t* begin() const { return entries_.data(); }
    const std::uint8_t* end() const { return entries_.data() + size_; }

   private:
    std::array<std::uint8_t, kGroup> entries_;
    std::size_t size_ = 0;
  };

  // Order-free sums of what went in, against what the slots say at a flush.
  struct Ledger {
    std::uint64_t pairs = 0, hashes = 0, weighed_values = 0;
    bool operator==(const Ledger&) const = default;
  };

  CombineTable(const StateFold& fold, EntrySink& sink, const Limits& limits, GrowingPages slots);

  static std::size_t slot_bytes(std::uint32_t state_size) {
    return state_size > kSlotState && state_size <= kWideSlotState ? kWideSlot : sizeof(Slot);
  }
  static bool is_apart(std::uint32_t klen, std::uint32_t state_size) {
    return klen > kPrefixBytes || state_size > kWideSlotState;
  }
  // Whether such a key's state is in the arena.
  bool is_apart(std::uint32_t klen) const { return is_apart(klen, fold_->state_size()); }
  // Slots are told by the offset of their first byte, which is the hash without some of its bits.
  Slot* slot_at(std::size_t offset) const {
    return reinterpret_cast<Slot*>(slots_.bytes() + offset);
  }
  std::size_t slot_count() const { return slots_.size() / slot_bytes_; }
  static std::size_t first_bytes(std::size_t slot_bytes, const Limits& limits);
  std::uint64_t hash_of(const Pair& pair) const;
  Pair pair_of(const Slot& slot) const;
  void prefetch_apart(std::size_t offset) const;
  Result<void> check_values(const EntryBatch& batch) const;
  Failure no_state(std::uint64_t value_bytes) const;
  void prepare(const EntryBatch& batch, std::size_t begin, Group& group) const;
  void load_slots(const Group& group) const;
  Result<void> add_group(const Group& group, const Group& next, const EntryBatch& batch);
  struct Slots;
  static bool is_other(const Slot& slot, const Entry& entry);
  static Slot* probe_line(const Slots& slots, const Entry& entry, std::uint64_t hash);
  static Slot* probe(const Slots& slots, const Entry& entry, std::uint64_t hash);
  template <typename IsSame>
  static Slot* probe(const Slots& slots, std::uint64_t hash, IsSame is_same);
  static Slot* probe_long(const Slots& slots, const Entry& entry, const std::uint8_t* value,
                          std::uint64_t hash);
  template <bool kHasOthers>
  std::size_t add_sums(const Group& group, const Group& next, std::size_t begin,
                       const std::uint8_t* heap, Late& late);
  template <bool kInSlots>
  void add_states(const Group& group, const Group& next, const std::uint8_t* heap, Late& late);
  Result<void> add_pair(const Pair& pair, std::uint64_t hash);
  Slot* find(const Pair& pair, std::uint64_t hash);
  bool fill(Slot& slot, const Pair& pair);
  void fold_in(Slot& slot, const Pair& pair);
  void add_to_sum(Slot& slot, const Pair& pair) const;
  void run_folds();
  Result<void> pass_on(const EntryBatch& batch);
  Result<void> pass_by(const Pair& pair);
  // At this many keys the table is full.
  std::size_t keys_when_full() const { return slot_count() / 8 * 5; }
  Result<void> reach_mark();
  void forget_watched();
  void watch_keys();
  bool keys_come_and_go() const;
  Result<void> make_room();
  Result<void> make_arena_room();
  Result<void> empty();
  Result<bool> grow();
  void spread_from_half();
  Result<void> hand_over();
  void forget();
  std::uint8_t* arena_take(std::size_t bytes);
  bool add_arena(std::size_t bytes);
  void drop_arenas();

  const StateFold* fold_;
  EntrySink* sink_;
  Limits limits_;
  std::size_t slot_bytes_;
  GrowingPages slots_;
  std::size_t used_slots_ = 0;
  Ledger taken_;                    // Since the last hand-over.
  std::uint64_t taken_before_ = 0;  // All that hand-overs before gave on.
  std::uint64_t passed_ = 0;        // What came and went without being kept.
  std::uint64_t bypass_left_ = 0;

  // What every so many slots had counted when the table was half full; empty before.
  std::vector<std::uint32_t> watched_counts_;
  std::size_t mark_ = 0;  // Keys at which `reach_mark` is called: half of a full table's, then all.
  bool come_once_ = false;

  std::vector<PageBuffer> arena_;
  std::size_t arenas_used_ = 0;  // Of its buffers; others wait to be used again.
  std::size_t arena_used_ = 0;   // In the last of those.
  std::size_t arena_bytes_ = 0;

  EntryBatcher batcher_;  // What is handed over.
  // Folds that are still to be done: none after a group, which brings one for each pair at most.
  static_assert(kGroup <= StateFold::kBatch);
  std::array<void*, kGroup> fold_states_;
  std::array<const void*, kGroup> fold_values_;
  std::size_t fold_count_ = 0;
};

}  // namespace mrun
