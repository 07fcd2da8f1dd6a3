// PackingTrial: what compression leaves of a job's sorted runs, tried on a sample of their pairs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/spill_compression.hpp"
#include "os/machine.hpp"
#include "os/scratch_space.hpp"
#include "shuffle/pair.hpp"
#include "shuffle/partitioner.hpp"
#include "shuffle/state_fold.hpp"

namespace mrun {

/// Bytes of pairs in the blocks of runs. Plain: it crosses from a copy of the process.
struct PackedSizes {
  std::uint64_t raw_bytes = 0;
  std::array<std::uint64_t, 4> stored_bytes{};  ///< By SpillCompression, with headers of blocks.
  bool automatic_packs = false;                 ///< What `auto` chose for most blocks.

  /// Bytes that are stored for one of pairs; 1 where nothing was tried.
  double share(SpillCompression compression) const {
    const auto stored = static_cast<double>(stored_bytes[static_cast<std::size_t>(compression)]);
    return raw_bytes == 0 ? 1 : stored / static_cast<double>(raw_bytes);
  }
};

/// Neighbours in a run are the more alike the more pairs it has. So where there are many pairs all
/// those in some ranges of keys are kept, about a MiB in all, and not some in every range. One
/// thread.
class PackingTrial {
 public:
  /// `fold`: of a job that folds; else null. What it borrows outlives it.
  PackingTrial(const Partitioner& partitioner, const StateFold* fold, std::size_t block_bytes)
      : partitioner_(partitioner), fold_(fold), block_bytes_(block_bytes) {}

  /// Takes a pair, or of a job that folds the first pair of a key. Returns its number, or 0 where
  /// it was let go.
  std::uint32_t add(const Pair& pair);
  /// Of a job that folds: another state of the key that has this number. False where no more of
  /// that key are wanted.
  bool fold(std::uint32_t number, const std::uint8_t* state);
  /// Packs what was kept as a run would be. `disk` and the clock decide what `auto` does.
  PackedSizes pack(const WriteRate& disk, double (*cpu_seconds)() = thread_cpu_seconds);

 private:
  struct Kept {
    std::string bytes;  // Key, then value.
    Pair pair;          // For its lengths and the prefix of its key.
    std::uint32_t part = 0;
    std::uint32_t folds = 0;
    bool is_let_go = false;
  };
  bool is_in_range(const Pair& pair) const;
  void narrow();
  std::vector<const Kept*> sorted() const;
  std::vector<std::vector<std::byte>> blocks() const;

  const Partitioner& partitioner_;
  const StateFold* fold_;
  const std::size_t block_bytes_;
  std::vector<Kept> kept_;                       // By number, from 1 on.
  std::vector<KeyRange> ranges_ = {KeyRange{}};  // Of the keys that are kept, in order.
  bool is_closed_ = false;                       // Nothing more is taken.
  std::size_t bytes_ = 0;                        // Of all that was not let go.
  KeyBytes key_bytes_;
  std::vector<std::uint64_t> fold_words_;
};

/// Writes a MiB to a file without a name, so that `rate` knows how fast the folders of a run take
/// what is written there. Where that fails it learns nothing.
void try_disks(Storage& storage, const std::vector<std::string>& folders, WriteRate& rate);

}  // namespace mrun
