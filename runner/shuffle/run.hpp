// Run: where sorted pairs lie on disk, and their index. SortedRun: runs whose keys follow each
// other, which several threads have written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "os/storage.hpp"
#include "shuffle/run_format.hpp"

namespace mrun {

/// A finished run. Holds no pairs, only the index (charged). Borrows its file. Immutable: any
/// number of threads may read it at once.
class Run {
 public:
  /// The run that lies in [begin, end) of `file`. Checks header, footer and index.
  /// Errors: integrity, naming file and offset; limit; what the file says.
  static Result<Run> open(MemoryBudget& budget, StorageFile& file, std::uint64_t begin,
                          std::uint64_t end);

  StorageFile& file() const { return *file_; }
  std::uint64_t begin() const { return begin_; }  ///< In bytes from the file's start.
  std::uint64_t end() const { return end_; }      ///< The next run may begin here.
  std::uint64_t size_bytes() const { return end_ - begin_; }

  std::uint64_t pair_count() const { return footer_.pair_count; }
  std::uint64_t raw_bytes() const { return footer_.raw_bytes; }  ///< Of its pairs, uncompressed.
  std::size_t block_bytes() const { return footer_.block_bytes; }
  std::size_t block_bytes_largest() const { return footer_.block_bytes_largest; }

  /// Headers of the blocks 0, stride, 2 × stride, … in order of (partition, key): what borders for
  /// cutting a merge into pieces can be taken from.
  std::span<const BlockHeader> index() const { return index_; }
  const RunFooter& footer() const { return footer_; }
  /// Whether blocks may be packed with zstd: their cursors need more memory.
  bool has_zstd() const { return footer_.has_zstd != 0; }
  /// Forgets every other entry of the index and gives the memory back. Reading goes on to work: the
  /// blocks in between are walked. Not while others read.
  void thin_index();
  /// What an index of so many entries charges. The first is free, for it is no more than what each
  /// Run is besides: there may be more runs than fit any budget, and each stands for megabytes.
  static std::size_t index_charge(std::size_t entries) {
    return entries > 1 ? (entries - 1) * sizeof(BlockHeader) : 0;
  }

 private:
  friend class RunWriter;
  Run(StorageFile& file, std::uint64_t begin, std::uint64_t end)
      : file_(&file), begin_(begin), end_(end) {}

  Result<void> read_index(MemoryBudget& budget);

  StorageFile* file_;
  std::uint64_t begin_;
  std::uint64_t end_;
  RunFooter footer_;
  std::vector<BlockHeader> index_;
  Charge charge_;
};

/// What one spill or merge has written: all its pairs in order of (partition, key), the segments
/// one after another. At least one segment; all have blocks of one size.
struct SortedRun {
  std::vector<Run> segments;

  explicit SortedRun(std::vector<Run> parts) : segments(std::move(parts)) {}
  explicit SortedRun(Run whole) { segments.push_back(std::move(whole)); }

  std::uint64_t pair_count() const { return sum(&Run::pair_count); }
  std::uint64_t size_bytes() const { return sum(&Run::size_bytes); }
  std::uint64_t raw_bytes() const { return sum(&Run::raw_bytes); }
  std::size_t block_bytes() const { return segments.front().block_bytes(); }
  std::size_t block_bytes_largest() const;

 private:
  std::uint64_t sum(std::uint64_t (Run::*count)() const) const;
};

/// A file that one thread at a time writes runs to, one after the other.
struct RunLane {
  std::unique_ptr<StorageFile> file;
  std::uint64_t end = 0;  ///< The next run begins here.
};

/// The error for bytes of a run that are not as they were written; `offset` counts from the file's
/// start.
Failure damaged_run(const StorageFile& file, std::uint64_t offset, const char* why);

}  // namespace mrun
