// PieceSource: where reduce work comes from, cut into pieces: entries in memory, or runs on disk.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/executor.hpp"
#include "engine/map_output.hpp"
#include "engine/merge_phase.hpp"
#include "shuffle/piece_plan.hpp"

namespace mrun {

/// Where the pieces of the reduce work come from.
class PieceSource {
 public:
  virtual ~PieceSource() = default;
  virtual const PiecePlan& plan() const = 0;
  /// Pieces that may be open at once.
  virtual unsigned at_once() const = 0;
  /// The pairs of a piece, in order, not yet combined. Any thread.
  virtual Result<std::unique_ptr<PairSource>> open(std::size_t piece) = 0;
  /// How many pairs all pieces have together.
  virtual std::uint64_t pair_count() const = 0;
  /// After all pieces were read to their ends: Code::integrity where a pair was lost or doubled.
  virtual Result<void> check() const = 0;
};

/// Of the keys of all its pairs, where the job has a total order.
std::vector<WeightedKey> sample_of(const MapOutput& output, const UserCode& job);

/// Whether a partition's groups may be reduced by several objects (design: jobs without a reduce,
/// or that say their groups are independent).
bool may_cut(const JobSpec& spec);

/// How many of so many entries, for which `held_bytes` are charged, make a piece in memory.
std::uint64_t piece_entries(std::uint64_t entries, std::uint64_t held_bytes);

/// All entries are in memory: scatters them to pieces on all threads. `part_count`: for a total
/// order. Borrows `output`.
Result<std::unique_ptr<PieceSource>> pieces_in_memory(MapOutput& output, const UserCode& job,
                                                      std::uint32_t part_count, Executor& executor,
                                                      const StopFlag& stop);

/// The same for entries that are to be written as a run: pieces are in order of (partition, key).
/// Borrows `memory`, the entries and `partitioner`.
Result<std::unique_ptr<PieceSource>> pieces_of_spill(SortMemory& memory, HeldEntries held,
                                                     const Partitioner& partitioner,
                                                     const UserCode& job, Executor& executor,
                                                     const StopFlag& stop);

/// All pairs are in runs. Takes them over; borrows the rest. `sample`: of the keys of all pairs,
/// where the job has a total order. `queue_bytes`: what the output may hold of pieces whose turn to
/// be written has not come.
std::unique_ptr<PieceSource> pieces_in_runs(RunSet runs, std::uint32_t partitions,
                                            const std::vector<WeightedKey>& sample,
                                            const UserCode& job, std::uint32_t part_count,
                                            MemoryBudget& budget, const MergeMemory& memory,
                                            std::uint64_t queue_bytes);

}  // namespace mrun
