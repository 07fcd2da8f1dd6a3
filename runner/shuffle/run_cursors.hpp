// RunCursors: cursors of many runs, one partition after another. Each begins where the one before
// it has come to, in the memory that it had.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "os/page_pool.hpp"
#include "shuffle/run_reader.hpp"

namespace mrun {

/// Any thread may call any member. What it is made with outlives it, and it outlives its cursors.
class RunCursors {
 public:
  RunCursors(MemoryBudget& budget, std::span<const SortedRun> runs)
      : budget_(budget), buffers_(budget), runs_(runs), reached_(runs.size()) {}

  std::size_t run_count() const { return runs_.size(); }
  /// As RunCursor::open, of run number `run`.
  Result<std::unique_ptr<RunCursor>> open(std::size_t run, std::uint32_t partition,
                                          const KeyRange& range);
  /// Learns from a cursor of run number `run` that is to die how far it has come.
  void close(std::size_t run, const RunCursor& cursor);

 private:
  struct Reached {
    std::uint32_t partition = 0;  // All of it, and of those before it, lies before the place.
    std::optional<RunPlace> place;
  };

  MemoryBudget& budget_;
  PagePool buffers_;
  const std::span<const SortedRun> runs_;
  std::mutex mutex_;              // Guards what follows.
  std::vector<Reached> reached_;  // By run.
};

}  // namespace mrun
