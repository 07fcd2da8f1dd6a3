// EntryBatcher: gathers pairs into batches of entries, as an emitter does, and gives them to a
// sink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/user_code.hpp"
#include "shuffle/pair.hpp"

namespace mrun {

/// One thread at a time. Holds at most kEntries pairs, whose values and tails it copies.
class EntryBatcher {
 public:
  static constexpr std::size_t kEntries = 1024;
  static constexpr std::size_t kHeapBytes = std::size_t{64} << 10;

  /// `sink` outlives the batcher.
  explicit EntryBatcher(EntrySink& sink);

  /// Whether the pair's bytes fit a batch.
  static bool fits(const Pair& pair) { return heap_bytes(pair) <= kHeapBytes; }
  /// Takes a pair that fits; gives the sink what was there before, where both do not.
  Result<void> add(const Pair& pair);
  /// Gives the sink what is there.
  Result<void> send();
  /// Entries given to the sink so far.
  std::uint64_t sent() const { return sent_; }

 private:
  static std::size_t heap_bytes(const Pair& pair) {
    return (std::size_t{pair.vlen} + pair.tail_size() + 7) / 8 * 8;
  }
  std::uint8_t* heap() const { return reinterpret_cast<std::uint8_t*>(heap_.get()); }

  EntrySink* sink_;
  std::vector<Entry> entries_;
  std::unique_ptr<std::uint64_t[]> heap_;  // kHeapBytes, 8-aligned.
  std::size_t heap_used_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace mrun
