// BlockPacking: whether and how the blocks of a run are compressed.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "model/spill_compression.hpp"
#include "os/machine.hpp"
#include "os/scratch_space.hpp"
#include "shuffle/run_format.hpp"

namespace mrun {

/// What packing gave, over all runs of a job. Relaxed: only shown.
struct PackingTally {
  std::atomic<std::uint64_t> raw_bytes{0};     ///< Of all blocks.
  std::atomic<std::uint64_t> packed_bytes{0};  ///< Raw bytes of those that were compressed.
};

/// How the runs of a job are packed. What it points to outlives every writer; null: nobody asks.
struct SpillPacking {
  SpillCompression compression = SpillCompression::lz4;
  const WriteRate* disk = nullptr;  ///< For SpillCompression::automatic.
  PackingTally* tally = nullptr;
  std::optional<bool> packs_by_forecast = {};  ///< What `automatic` was expected to do.
  /// Times packing for `automatic`: seconds of this thread since any point.
  double (*cpu_seconds)() = thread_cpu_seconds;
};

/// Whether packing makes a job faster: each byte that it saves is neither written nor read back,
/// and unpacking costs about a quarter of packing (lz4). Clocks are noisy, and room was looked for
/// by a forecast: only where it was off by a factor of two the run does otherwise. Pure.
constexpr bool packing_pays(std::uint64_t saved_bytes, double packing_seconds,
                            double disk_seconds_a_byte, std::optional<bool> forecast = {}) {
  const double benefit = !forecast ? 1 : *forecast ? 2 : 0.5;
  return benefit * 2 * static_cast<double>(saved_bytes) * disk_seconds_a_byte >
         1.25 * packing_seconds;
}

/// Packs one run's blocks. Of every 64 blocks the first two are a sample, which is always tried and
/// decides for the others.
class BlockPacker {
 public:
  /// Memory that packing needs, for blocks of up to so many bytes.
  static std::size_t work_bytes(SpillCompression compression, std::size_t block_bytes);

  /// `work`: 8-aligned, of `work_bytes`.
  BlockPacker(const SpillPacking& packing, std::span<std::byte> work)
      : packing_(packing), work_(work) {}

  struct Packed {
    BlockCodec codec;
    std::size_t stored_bytes;
  };
  /// Whether the next block may be stored otherwise than as it is.
  bool may_pack_next() const;
  /// The next block is stored as it is.
  void keep(std::size_t raw_bytes);
  /// Stores the run's next block in `place`, which has room for all of it.
  Packed pack(std::span<const std::byte> raw, std::span<std::byte> place);

 private:
  std::size_t compress(std::span<const std::byte> raw, std::span<std::byte> out) const;
  bool pays() const;
  void tally(std::size_t raw_bytes, bool is_packed) const;

  SpillPacking packing_;
  std::span<std::byte> work_;
  std::uint64_t blocks_ = 0;
  std::uint64_t sampled_raw_ = 0;  // Of this period's sample.
  std::uint64_t sampled_stored_ = 0;
  double sampled_seconds_ = 0;
};

}  // namespace mrun
