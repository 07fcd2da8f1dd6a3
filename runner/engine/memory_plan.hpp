// MemoryPlan: how one budget is shared by what grows with the data. Pure: numbers in, numbers out.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.hpp"
#include "model/spill_compression.hpp"

namespace mrun {

/// The least budget of a run, and what each thread needs of it.
constexpr std::size_t kSharedMemoryLeast = std::size_t{32} << 20;
constexpr std::size_t kThreadMemory = std::size_t{2} << 20;
constexpr std::size_t kMemoryLeast = kSharedMemoryLeast + kThreadMemory;

/// More threads would leave a combine table of an inexact fold, whose share may not depend on their
/// number, too little.
constexpr unsigned kInexactThreadsMost = 64;

/// Threads that `memory_bytes` can feed, at most `threads_asked`, at least 1.
unsigned threads_for_memory(std::size_t memory_bytes, unsigned threads_asked);

/// Threads that `descriptors_most` serve, at most `threads_asked`, at least 1: each may hold a file
/// of runs in each of `run_folders`, a file of input, and one of each of `outputs`.
unsigned threads_for_descriptors(std::uint64_t descriptors_most, unsigned threads_asked,
                                 std::size_t run_folders, std::size_t outputs);

/// Bytes of each purpose; together at most the budget. A purpose cannot starve another.
struct MemoryPlan {
  std::size_t input_bytes = 0;        ///< Buffers of what is read, not mapped.
  std::size_t table_bytes = 0;        ///< All combine tables.
  std::size_t table_share_bytes = 0;  ///< One table's.
  std::size_t spill_bytes = 0;        ///< Writers of sorted runs.
  unsigned spill_writers = 1;         ///< Writers at once.
  std::size_t spare_item_bytes = 0;   ///< For sorts by digits beside the items.
  std::size_t index_bytes = 0;        ///< Indexes of sorted runs.
  std::size_t output_bytes = 0;       ///< Buffers of output pieces.
  std::size_t sort_bytes = 0;         ///< Entries, their bytes, and their sort items.
  std::size_t coding_bytes = 0;       ///< To compress all parts that are being written.
  std::size_t row_share_bytes = 0;    ///< Of each thread, for rows that reduce puts aside.
  std::size_t block_bytes = 0;        ///< Of a run on disk.

  struct Needs {
    bool combines = false;  ///< A combine table stands before the sort buffers.
    bool fold_is_exact = false;
    bool reads_unmapped = false;  ///< Streams or pread: records need buffers of their own.
    bool keeps_rows = false;      ///< Its reduce puts rows aside.
    bool decompresses = false;    ///< Some of the input is compressed.
    /// For parts that are compressed or tables: what one of each output needs, all together, and
    /// each thread while it does it.
    std::size_t coding_bytes = 0, coding_work_bytes = 0;
    std::size_t outputs = 1;  ///< The main one and the side outputs.
    SpillCompression spill_compression = SpillCompression::automatic;
  };
  static MemoryPlan make(std::size_t memory_bytes, unsigned threads, const Needs& needs);
  /// What merges of runs have once nothing is mapped or sorted any more.
  std::size_t merge_bytes() const { return sort_bytes + table_bytes + input_bytes; }
  /// What each thread may take to read compressed input: one share may be in nobody's hands, that
  /// of a decoder that one thread has passed on and another will go on with.
  std::size_t decoding_share_bytes(unsigned threads) const {
    return input_bytes / (threads + decoders_beside(threads));
  }
  static constexpr unsigned decoders_beside(unsigned threads) { return threads > 1 ? 1 : 0; }
  /// The part of the budget that compressing needs. Each thread writes to one part of each output;
  /// one more may be about to end.
  static std::size_t coding_bytes_for(unsigned threads, const Needs& needs) {
    return needs.coding_bytes * (threads + 1) + needs.coding_work_bytes * threads;
  }
};

/// Threads that a run of such needs may have, at most `threads_asked`. Code::limit where not even
/// one can compress all outputs.
Result<unsigned> threads_for(std::size_t memory_bytes, unsigned threads_asked,
                             const MemoryPlan::Needs& needs);

/// How the budget is used once map has ended and runs lie on disk.
struct MergeMemory {
  std::size_t bytes = 0;       ///< For cursors, mergers and writers of all tasks together.
  std::size_t fan_in = 2;      ///< Runs that one merge may read.
  unsigned tasks_at_once = 1;  ///< Merges that run side by side.
  std::size_t cursor_bytes = 0;
  /// `bytes`: what merging may use in all; `cursor_bytes`, `writer_bytes`: what one source, and one
  /// merge beside its sources, needs.
  static MergeMemory make(std::size_t bytes, unsigned threads, std::size_t cursor_bytes,
                          std::size_t writer_bytes, std::size_t run_count);
  /// What last merges of `run_count` runs each do not need.
  std::size_t left_by_last(std::size_t run_count) const {
    const std::size_t needed = tasks_at_once * (run_count + 1) * cursor_bytes;
    return needed < bytes ? bytes - needed : 0;
  }
  /// The same for the runs of a map phase that had `plan`, whose buffers are gone: all but the
  /// runs' indexes and the output's share serves the merge. `block_bytes`: of the largest block.
  static MergeMemory for_runs(const MemoryPlan& plan, unsigned threads, std::size_t block_bytes,
                              SpillCompression compression, std::size_t run_count);
};

}  // namespace mrun
