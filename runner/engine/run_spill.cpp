#include "engine/run_spill.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>

#include "base/check.hpp"
#include "engine/first_failure.hpp"
#include "engine/limited_loop.hpp"
#include "shuffle/run_writer.hpp"

namespace mrun {
namespace {

class RunSpill {
 public:
  RunSpill(PieceSource& pieces, const SpillSetup& setup) : pieces_(pieces), setup_(setup) {}

  Result<SortedRun> write(std::span<RunLane> lanes, Executor& executor) {
    const std::size_t piece_count = pieces_.plan().size();
    const std::size_t count = std::min(piece_count, lanes.size() * kSegmentsPerLane);
    std::vector<std::optional<Run>> written(count);
    FirstFailure failure;
    for_each_limited(executor, lanes.size(), count, [&](std::size_t i, std::size_t lane) {
      if (failure.is_moot(i)) return;
      auto segment =
          write_segment(piece_count * i / count, piece_count * (i + 1) / count, lanes[lane]);
      if (segment)
        written[i] = *std::move(segment);
      else
        failure.note(i, std::move(segment).error());
    });
    MRUN_TRY(failure.result());
    MRUN_TRY(pieces_.check());
    if (taken_ != pieces_.pair_count()) {
      return fail(Code::integrity,
                  fmt::format("a sorted run was made of {} pairs, and {} were emitted for it",
                              taken_.load(), pieces_.pair_count()),
                  "this is a bug in mrun or a fault of the machine's memory; no output was made");
    }
    std::vector<Run> segments;
    for (std::optional<Run>& segment : written)
      if (segment->pair_count() != 0) segments.push_back(*std::move(segment));
    MRUN_CHECK(!segments.empty());
    return SortedRun(std::move(segments));
  }

 private:
  Result<Run> write_segment(std::size_t first_piece, std::size_t end_piece, RunLane& lane) {
    MRUN_TRY_ASSIGN(RunWriter writer,
                    RunWriter::create(setup_.budget, *lane.file, lane.end, setup_.block_bytes,
                                      setup_.index_budget, setup_.packing));
    for (std::size_t piece = first_piece; piece < end_piece; ++piece)
      MRUN_TRY(write_piece(piece, writer));
    MRUN_TRY_ASSIGN(Run run, writer.finish());
    lane.end = run.end();
    return run;
  }

  Result<void> write_piece(std::size_t piece, RunWriter& writer) {
    const std::uint32_t partition = pieces_.plan().partition_of(piece);
    const bool combines = setup_.combiner.combines_early();
    const std::uint64_t before = writer.pair_count();
    std::uint64_t folded = 0;  // Pairs that the combiner took.
    MRUN_TRY_ASSIGN(auto source, pieces_.open(piece));
    if (combines) source = setup_.combiner.wrap_some(std::move(source), folded);
    while (true) {
      if (setup_.stop.stopped()) return fail(Code::cancelled, "stopped");
      MRUN_TRY_ASSIGN(const std::span<const Pair> pairs, source->next());
      if (pairs.empty()) break;
      MRUN_TRY(writer.add(partition, pairs));
    }
    taken_.fetch_add(combines ? folded : writer.pair_count() - before, std::memory_order_relaxed);
    return {};
  }

  PieceSource& pieces_;
  const SpillSetup& setup_;
  std::atomic<std::uint64_t> taken_{0};  // Pairs that were written, or combined.
};

}  // namespace

Result<SortedRun> spill_run(PieceSource& pieces, std::span<RunLane> lanes, const SpillSetup& setup,
                            Executor& executor) {
  return RunSpill(pieces, setup).write(lanes, executor);
}

}  // namespace mrun
