#include "engine/map_phase.hpp"

#include <limits>
#include <mutex>

#include "engine/first_failure.hpp"
#include "engine/group_queue.hpp"
#include "map/map_task.hpp"

namespace mrun {
namespace {

class MapPhase {
 public:
  explicit MapPhase(const MapPhaseSetup& setup)
      : setup_(setup), ordinals_used_(setup.first_ordinal) {
    info_.counters.resize(setup.job.spec().counters.size());
  }

  void run_groups(std::span<const SplitGroup> groups) {
    setup_.target.begin_section(groups);
    GroupQueue queue(groups, setup_.plan, setup_.reader);
    setup_.executor.for_each_index(groups.size(), [&](std::size_t) {
      const std::size_t index = queue.take();
      const bool is_mapped = run_group(
          index,
          [&](const AttemptContext& sinks,
              const MapTarget::AfterSplit& after_split) -> Result<void> {
            for (std::size_t i = 0; i < groups[index].split_count; ++i) {
              const std::size_t split = groups[index].first_split + i;
              MRUN_TRY_ASSIGN(const auto source, setup_.reader.open(setup_.plan.splits[split]));
              MRUN_TRY(run_split(*source, split, sinks));
              MRUN_TRY(after_split());
            }
            return {};
          });
      if (!is_mapped) queue.give_up(index);
    });
    ordinals_used_ += groups.size();
  }

  // All threads take turns at reading the next split of the stream, and map side by side.
  void run_stream(const SplitGroup& group) {
    setup_.target.begin_section(std::span(&group, 1));
    const Split& stream = setup_.plan.splits[group.first_split];
    std::atomic<std::size_t> splits{0};
    setup_.executor.for_each_index(setup_.executor.width(), [&](std::size_t) {
      while (!failure_.is_moot(ordinals_used_ + splits.load(std::memory_order_relaxed))) {
        auto next = setup_.reader.next_of_stream(stream);
        if (!next) return failure_.note(ordinals_used_ + splits.load(), std::move(next).error());
        if (!next->has_value()) return;
        const auto index = static_cast<std::size_t>((**next).ordinal);
        splits.fetch_add(1, std::memory_order_relaxed);
        run_group(index,
                  [&](const AttemptContext& sinks,
                      const MapTarget::AfterSplit& after_split) -> Result<void> {
                    MRUN_TRY(run_split(*(**next).source, ordinals_used_ + index, sinks));
                    return after_split();
                  });
      }
    });
    ordinals_used_ += splits.load();
  }

  Result<MapPhaseInfo> result() && {
    MRUN_TRY(failure_.result());
    return std::move(info_);
  }

 private:
  /// False where it failed, or was moot.
  bool run_group(std::size_t index, const MapTarget::Maps& maps) {
    const std::size_t ordinal = ordinals_used_ + index;
    const bool has_number = ordinal <= std::numeric_limits<std::uint32_t>::max();
    if (!has_number)
      failure_.note(ordinal, Error{Code::limit, "the input makes more than 2^32 map tasks",
                                   "give a larger --split-size, or more with --memory"});
    const GroupRun group{static_cast<std::uint32_t>(ordinal), index,
                         !has_number || failure_.is_moot(ordinal) || setup_.stop.stopped()};
    Result<void> outcome = setup_.target.run(group, maps);
    const bool is_mapped = outcome && !group.moot;
    failure_.note(ordinal, std::move(outcome));
    if (group.moot && setup_.stop.stopped())
      failure_.note(ordinal, Error{Code::cancelled, "stopped", {}});
    setup_.peak.sample();
    return is_mapped;
  }

  Result<void> run_split(BatchSource& source, std::size_t split, const AttemptContext& sinks) {
    std::vector<std::int64_t> counters(info_.counters.size());
    AttemptContext context = sinks;
    context.counters = counters;
    context.stop = &setup_.stop;
    MRUN_TRY_ASSIGN(const MapTaskInfo task,
                    run_map_task(setup_.job, split, source, context, setup_.progress));
    const std::scoped_lock lock(mutex_);
    info_.records += task.records;
    info_.size_bytes += task.size_bytes;
    info_.emitted_pairs += task.emitted_pairs;
    ++info_.splits;
    for (std::size_t i = 0; i < counters.size(); ++i) info_.counters[i] += counters[i];
    return {};
  }

  const MapPhaseSetup& setup_;
  std::size_t ordinals_used_;
  FirstFailure failure_;
  std::mutex mutex_;  // Guards info_.
  MapPhaseInfo info_;
};

}  // namespace

Result<MapPhaseInfo> run_map_phase(const MapPhaseSetup& setup,
                                   const std::vector<SplitGroup>& groups) {
  MapPhase phase(setup);
  for (std::size_t begin = 0; begin < groups.size();) {
    if (groups[begin].is_stream) {
      phase.run_stream(groups[begin++]);
      continue;
    }
    std::size_t end = begin;
    while (end < groups.size() && !groups[end].is_stream) ++end;
    phase.run_groups(std::span(groups).subspan(begin, end - begin));
    begin = end;
  }
  return std::move(phase).result();
}

}  // namespace mrun
