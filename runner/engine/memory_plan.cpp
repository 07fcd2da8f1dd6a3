#include "engine/memory_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/check.hpp"
#include "base/size_text.hpp"
#include "shuffle/memory_pieces.hpp"
#include "shuffle/merger.hpp"
#include "shuffle/run_format.hpp"
#include "shuffle/run_reader.hpp"
#include "shuffle/run_writer.hpp"

namespace mrun {
namespace {

// One read buffer, lists of records, a header or two, and slack.
constexpr std::size_t kInputPerThread = std::size_t{1216} << 10;
// A thread that reads compressed input, with the usual windows.
constexpr std::size_t kDecodingThreadBytes = std::size_t{14} << 20;
constexpr std::size_t kOutputPerThread = std::size_t{512} << 10;  // Two buffers of a piece.
constexpr std::size_t kTableMost = std::size_t{64}
                                   << 20;  // Beyond it cold memory costs more than folding saves.
constexpr std::size_t kFanInMost = 4096;   // Few enough for the loser tree to stay in cache.
constexpr std::size_t kFanInWanted = 16;   // Rather fewer merges side by side than less than this.
constexpr unsigned kThreadsPart = 5;       // Merges by a fifth of the threads keep most disks busy.
constexpr std::size_t kRunBlockBytesMost = std::size_t{128} << 10;  // Enough for the disk's speed.
// Descriptors of the process: the standard ones, the locked staging folder, what the output opens
// for a moment, and some merged runs.
constexpr std::uint64_t kProcessDescriptors = 12;

}  // namespace

unsigned threads_for_memory(std::size_t memory_bytes, unsigned threads_asked) {
  if (memory_bytes < kMemoryLeast) return 1;
  const std::size_t fed = (memory_bytes - kSharedMemoryLeast) / kThreadMemory;
  return static_cast<unsigned>(std::clamp<std::size_t>(fed, 1, std::max(1u, threads_asked)));
}

unsigned threads_for_descriptors(std::uint64_t descriptors_most, unsigned threads_asked,
                                 std::size_t run_folders, std::size_t outputs) {
  if (descriptors_most < kProcessDescriptors) return 1;
  const std::uint64_t served =
      (descriptors_most - kProcessDescriptors) / (run_folders + 1 + outputs);
  return static_cast<unsigned>(std::clamp<std::uint64_t>(served, 1, std::max(1u, threads_asked)));
}

Result<unsigned> threads_for(std::size_t memory_bytes, unsigned threads_asked,
                             const MemoryPlan::Needs& needs) {
  unsigned threads = threads_for_memory(memory_bytes, threads_asked);
  const std::size_t quarter = memory_bytes / 4;
  // Rather fewer threads than decoders without room for the usual windows.
  if (needs.decompresses) {
    const std::size_t shares = std::max<std::size_t>(quarter / kDecodingThreadBytes, 1);
    threads = static_cast<unsigned>(
        std::clamp<std::size_t>(shares - MemoryPlan::decoders_beside(2), 1, threads));
  }
  if (needs.combines && !needs.fold_is_exact) threads = std::min(threads, kInexactThreadsMost);
  while (threads > 1 && MemoryPlan::coding_bytes_for(threads, needs) > quarter) --threads;
  const std::size_t coding_least = MemoryPlan::coding_bytes_for(threads, needs);
  if (coding_least <= quarter) return threads;
  return fail(Code::limit,
              fmt::format("compressing {} outputs at once needs {}, and may take {}, a quarter of "
                          "the memory",
                          needs.outputs, size_text(coding_least), size_text(quarter)),
              fmt::format("give at least --memory {}M", (coding_least * 4 >> 20) + 1));
}

MemoryPlan MemoryPlan::make(std::size_t memory_bytes, unsigned threads, const Needs& needs) {
  MemoryPlan plan;
  const std::size_t shared = memory_bytes - threads * kThreadMemory;
  // A merge holds a block of every run, and the piece of a merge reads at its borders a block of
  // each in vain: small blocks allow many runs and small pieces. Reads ahead make up for their
  // size.
  plan.block_bytes = std::clamp(std::bit_floor(shared / 8192), kBlockBytesMin, kRunBlockBytesMost);
  plan.input_bytes = threads * kInputPerThread + (needs.reads_unmapped ? shared / 4 : 0);
  plan.output_bytes = threads * kOutputPerThread + shared / 16;
  // Rather threads that wait for a writer than no memory to sort with.
  const std::size_t writer_bytes =
      RunWriter::memory_bytes(plan.block_bytes, needs.spill_compression);
  plan.spill_writers =
      static_cast<unsigned>(std::clamp<std::size_t>(shared / 8 / writer_bytes, 1, threads));
  plan.spill_bytes = plan.spill_writers * writer_bytes;
  plan.spare_item_bytes =
      MemoryPieces::kSpareItemBytes *
      std::min<std::size_t>(plan.spill_writers, shared / 64 / MemoryPieces::kSpareItemBytes);
  plan.index_bytes = shared / 32;
  if (needs.combines) {
    // A fold that is not exact shows where its table was full, so its share depends on the memory
    // alone: it is what the most threads that the memory feeds would get.
    const std::size_t exact_share = shared / 4 / threads;
    const std::size_t fed = threads_for_memory(memory_bytes, kInexactThreadsMost);
    const std::size_t inexact_share =
        std::max(kSharedMemoryLeast, memory_bytes - fed * kThreadMemory) / 8 / fed;
    plan.table_share_bytes =
        std::min(needs.fold_is_exact ? exact_share : inexact_share, kTableMost);
    plan.table_bytes = plan.table_share_bytes * threads;
  }
  if (needs.keeps_rows) plan.row_share_bytes = shared / 8 / threads;
  plan.coding_bytes = coding_bytes_for(threads, needs);
  const std::size_t taken = plan.input_bytes + plan.output_bytes + plan.spill_bytes +
                            plan.spare_item_bytes + plan.index_bytes + plan.table_bytes +
                            plan.row_share_bytes * threads + plan.coding_bytes;
  MRUN_CHECK(memory_bytes > taken);
  plan.sort_bytes = memory_bytes - taken;
  return plan;
}

MergeMemory MergeMemory::make(std::size_t bytes, unsigned threads, std::size_t cursor_bytes,
                              std::size_t writer_bytes, std::size_t run_count) {
  MergeMemory memory;
  memory.bytes = bytes;
  memory.cursor_bytes = cursor_bytes;
  const auto fan_in_at = [&](unsigned tasks) {
    const std::size_t share = bytes / tasks;
    return share > writer_bytes ? (share - writer_bytes) / cursor_bytes : 0;
  };
  memory.tasks_at_once = threads;
  while (memory.tasks_at_once > 1 &&
         fan_in_at(memory.tasks_at_once) < std::min(kFanInWanted, run_count)) {
    --memory.tasks_at_once;
  }
  // Fewer side by side, too, where that saves a pass and costs at most a quarter of them, or else
  // more than a quarter of the data would be written once more.
  const unsigned fewest = std::max(1u, (threads + kThreadsPart / 2) / kThreadsPart);  // Rounded.
  unsigned fewer = memory.tasks_at_once;
  while (fewer > fewest && fan_in_at(fewer) < run_count) --fewer;
  if (run_count <= kFanInMost && fan_in_at(fewer) >= run_count &&
      (4 * fewer >= 3 * memory.tasks_at_once ||
       3 * run_count > 4 * fan_in_at(memory.tasks_at_once)))
    memory.tasks_at_once = fewer;
  memory.fan_in = std::clamp<std::size_t>(fan_in_at(memory.tasks_at_once), 2, kFanInMost);
  return memory;
}

MergeMemory MergeMemory::for_runs(const MemoryPlan& plan, unsigned threads, std::size_t block_bytes,
                                  SpillCompression compression, std::size_t run_count) {
  const bool has_zstd = compression == SpillCompression::zstd;
  const std::size_t merger_bytes = Merger::memory_bytes(0);
  return make(
      plan.merge_bytes(), threads,
      RunCursor::memory_bytes(block_bytes, has_zstd) + Merger::memory_bytes(1) - merger_bytes,
      RunWriter::memory_bytes(plan.block_bytes, compression) + merger_bytes, run_count);
}

}  // namespace mrun
