#include "engine/merge_phase.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/first_failure.hpp"
#include "engine/limited_loop.hpp"
#include "shuffle/merge_plan.hpp"
#include "shuffle/merger.hpp"
#include "shuffle/run_writer.hpp"

namespace mrun {
namespace {

// A merge of a cursor of each run, whose ends its own end tells.
class TalliedMerge final : public PairSource {
 public:
  TalliedMerge(std::unique_ptr<Merger> merger, std::vector<const RunCursor*> cursors,
               RunCursors& runs, PairTally& tally)
      : merger_(std::move(merger)), cursors_(std::move(cursors)), runs_(runs), tally_(tally) {}
  TalliedMerge(const TalliedMerge&) = delete;
  TalliedMerge& operator=(const TalliedMerge&) = delete;
  ~TalliedMerge() override {
    for (std::size_t run = 0; run < cursors_.size(); ++run) {
      runs_.close(run, *cursors_[run]);
      tally_.fetch_add(cursors_[run]->pairs_delivered(), std::memory_order_relaxed);
    }
  }
  Result<std::span<const Pair>> next() override { return merger_->next(); }

 private:
  std::unique_ptr<Merger> merger_;
  std::vector<const RunCursor*> cursors_;  // By run.
  RunCursors& runs_;
  PairTally& tally_;
};

// Appends one run to the lane and gives the room of what it was made of back. `pairs_gone` takes
// how many pairs the combiner folded into others.
Result<SortedRun> merge_runs(std::span<const SortedRun> runs, const MergeSetup& setup,
                             RunLane& lane, std::atomic<std::uint64_t>& pairs_gone) {
  MRUN_TRY_ASSIGN(RunWriter writer,
                  RunWriter::create(setup.budget, *lane.file, lane.end, setup.block_bytes,
                                    setup.index_budget, setup.packing));
  RunCursors cursors(setup.budget, runs);
  PairTally tally{0};
  std::uint64_t folded = 0;  // Pairs that the combiner took.
  for (std::uint32_t partition = 0; partition < setup.partitions; ++partition) {
    MRUN_TRY_ASSIGN(auto source, open_merge(setup.budget, cursors, partition, {}, tally));
    if (setup.combiner.combines_early())
      source = setup.combiner.wrap_some(std::move(source), folded);
    while (true) {
      if (setup.stop.stopped()) return fail(Code::cancelled, "stopped");
      MRUN_TRY_ASSIGN(const std::span<const Pair> pairs, source->next());
      if (pairs.empty()) break;
      MRUN_TRY(writer.add(partition, pairs));
    }
  }
  std::uint64_t expected = 0;
  for (const SortedRun& run : runs) expected += run.pair_count();
  const std::uint64_t taken = setup.combiner.combines_early() ? folded : writer.pair_count();
  if (tally != expected || taken != expected) {
    return fail(Code::integrity,
                fmt::format("{}: a merge read {} pairs of runs that hold {}", lane.file->name(),
                            tally.load(), expected),
                "this is a bug in mrun; nothing was written");
  }
  const std::uint64_t written = writer.pair_count();
  MRUN_TRY_ASSIGN(Run run, writer.finish());
  lane.end = run.end();
  pairs_gone += expected - written;
  for (const SortedRun& merged : runs)
    for (const Run& segment : merged.segments)
      segment.file().discard(segment.begin(), segment.size_bytes());
  return SortedRun(std::move(run));
}

// Puts each step's result in the place of the runs it was made of, and lets go of files that no run
// lies in any more.
void replace_merged(RunSet& set, std::span<const MergeStep> steps,
                    std::vector<std::optional<SortedRun>> merged, std::vector<RunLane> lanes) {
  std::vector<SortedRun> runs;
  std::size_t step = 0;
  for (std::size_t i = 0; i < set.runs.size();) {
    if (step < steps.size() && steps[step].first == i) {
      runs.push_back(*std::move(merged[step]));
      i += steps[step++].count;
    } else {
      runs.push_back(std::move(set.runs[i++]));
    }
  }
  set.runs = std::move(runs);
  for (RunLane& lane : lanes) set.files.push_back(std::move(lane.file));
  std::erase_if(set.files, [&](const std::unique_ptr<StorageFile>& file) {
    return std::none_of(set.runs.begin(), set.runs.end(), [&](const SortedRun& run) {
      return std::any_of(run.segments.begin(), run.segments.end(),
                         [&](const Run& segment) { return &segment.file() == file.get(); });
    });
  });
}

}  // namespace

Result<void> RunSet::check() const {
  std::uint64_t held = 0;
  for (const SortedRun& run : runs) held += run.pair_count();
  if (held == pairs) return {};
  return fail(Code::integrity,
              fmt::format("the sorted runs hold {} pairs, and {} were written", held, pairs),
              "this is a bug in mrun; no output was made");
}

std::uint64_t RunSet::raw_bytes() const {
  std::uint64_t bytes = 0;
  for (const SortedRun& run : runs) bytes += run.raw_bytes();
  return bytes;
}

Result<std::unique_ptr<PairSource>> open_merge(MemoryBudget& budget, RunCursors& runs,
                                               std::uint32_t partition, const KeyRange& range,
                                               PairTally& tally) {
  std::vector<std::unique_ptr<PairSource>> sources;
  std::vector<const RunCursor*> cursors;
  for (std::size_t run = 0; run < runs.run_count(); ++run) {
    MRUN_TRY_ASSIGN(auto cursor, runs.open(run, partition, range));
    cursors.push_back(cursor.get());
    sources.push_back(std::move(cursor));
  }
  MRUN_TRY_ASSIGN(auto merger, Merger::create(budget, std::move(sources)));
  return std::unique_ptr<PairSource>(
      std::make_unique<TalliedMerge>(std::move(merger), std::move(cursors), runs, tally));
}

Result<MergeInfo> merge_down(RunSet& set, const MergeSetup& setup) {
  MRUN_TRY(set.check());
  MergeInfo info;
  std::vector<std::uint64_t> sizes;
  for (const SortedRun& run : set.runs) sizes.push_back(run.size_bytes());
  const MergePlan plan = plan_merge(sizes, setup.memory.fan_in);
  for (const std::vector<MergeStep>& steps : plan.passes) {
    const auto at_once = std::min<std::size_t>(setup.memory.tasks_at_once, steps.size());
    std::vector<RunLane> lanes(at_once);
    for (RunLane& lane : lanes) lane.file = setup.scratch.create();
    std::vector<std::optional<SortedRun>> merged(steps.size());
    std::atomic<std::uint64_t> pairs_gone{0};
    FirstFailure failure;
    for_each_limited(setup.executor, at_once, steps.size(), [&](std::size_t i, std::size_t lane) {
      if (failure.is_moot(i)) return;
      auto run = merge_runs(std::span(set.runs).subspan(steps[i].first, steps[i].count), setup,
                            lanes[lane], pairs_gone);
      if (run)
        merged[i] = *std::move(run);
      else
        failure.note(i, std::move(run).error());
    });
    MRUN_TRY(failure.result());
    for (const auto& run : merged) info.written_bytes += run->size_bytes();
    replace_merged(set, steps, std::move(merged), std::move(lanes));
    set.pairs -= pairs_gone;
    MRUN_TRY(set.check());
    ++info.passes;
  }
  return info;
}

}  // namespace mrun
