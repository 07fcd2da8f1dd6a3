#include "engine/stored_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/size_text.hpp"
#include "shuffle/merger.hpp"

namespace mrun {
namespace {

using Group = std::vector<StoredOutput>;

/// The output with the parts from `begin` to `end` alone. The others stay there, as empty ones, for
/// the number of parts says what each holds.
StoredOutput some_parts(StoredOutput output, std::size_t begin, std::size_t end) {
  for (std::size_t i = 0; i < output.parts.size(); ++i)
    if (i < begin || i >= end) output.parts[i].stored.records = 0;
  return output;
}

/// Neighbours of which one merge reads at most `fan_in` sources, of each output as many as
/// `sources` says. No key lies in two parts of an output, so these may be parted, too.
std::vector<Group> group_outputs(const std::vector<StoredOutput>& outputs,
                                 const std::vector<std::size_t>& sources, std::size_t fan_in) {
  std::vector<Group> groups;
  std::size_t left = 0;  // Sources that the last group has room for.
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const StoredOutput& output = outputs[i];
    if (sources[i] > fan_in) {
      for (std::size_t begin = 0; begin < output.parts.size(); begin += fan_in)
        groups.push_back({some_parts(output, begin, begin + fan_in)});
      left = 0;
      continue;
    }
    if (groups.empty() || sources[i] > left) {
      groups.emplace_back();
      left = fan_in;
    }
    groups.back().push_back(output);
    left -= sources[i];
  }
  std::erase_if(groups, [](const Group& group) {
    return std::all_of(group.begin(), group.end(), [](const StoredOutput& output) {
      return std::all_of(output.parts.begin(), output.parts.end(),
                         [](const auto& part) { return part.stored.records == 0; });
    });
  });
  return groups;
}

}  // namespace

Result<RunSet> runs_of_outputs(const std::vector<StoredOutput>& outputs,
                               const StoredRunsSetup& setup) {
  const StoredPiecesSetup& stored = setup.stored;
  std::vector<std::size_t> sources;
  for (const StoredOutput& output : outputs)
    sources.push_back(sources_at_once(output, stored.job, stored.part_count));
  // Writers have their own share.
  const MergeMemory memory =
      MergeMemory::make(stored.budget.limit_bytes(), stored.executor.width(),
                        stored_source_bytes() + Merger::memory_bytes(1), 0,
                        std::accumulate(sources.begin(), sources.end(), std::size_t{0}));
  std::vector<RunLane> lanes(std::min(memory.tasks_at_once, setup.memory.spill_writers));
  for (RunLane& lane : lanes) lane.file = setup.scratch.create();
  RunSet set;
  for (Group& group : group_outputs(outputs, sources, memory.fan_in)) {
    MRUN_TRY_ASSIGN(const auto pieces, pieces_of_outputs(std::move(group), stored));
    if (pieces == nullptr)
      return fail(Code::limit,
                  fmt::format("a merge needs {} for each part that it reads, and there are {} for "
                              "{} at once",
                              size_text(stored_source_bytes()),
                              size_text(stored.budget.limit_bytes()), memory.fan_in),
                  "give more with --memory");
    const std::size_t at_once = std::min<std::size_t>(lanes.size(), pieces->at_once());
    MRUN_TRY_ASSIGN(SortedRun run, spill_run(*pieces, std::span(lanes).first(at_once), setup.spill,
                                             stored.executor));
    set.pairs += run.pair_count();
    set.runs.push_back(std::move(run));
  }
  for (RunLane& lane : lanes) set.files.push_back(std::move(lane.file));
  return set;
}

}  // namespace mrun
