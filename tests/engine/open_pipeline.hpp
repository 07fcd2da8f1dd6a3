// OpenPipeline: the steps of a run one after another, as run_job takes them, with a hook between
// any two: where a bug of any step can be seeded.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/faulty_storage.hpp"
#include "engine/in_process_job.hpp"
#include "engine/map_output.hpp"
#include "engine/map_phase.hpp"
#include "engine/merge_phase.hpp"
#include "engine/reduce_phase.hpp"
#include "shuffle/merger.hpp"
#include "shuffle/run_reader.hpp"
#include "shuffle/run_writer.hpp"
#include "support/executors.hpp"
#include "support/files.hpp"
#include "support/input_arguments.hpp"

namespace mrun::test_support {

/// Each hook is called where it is set.
struct PipelineHooks {
  JobHooks job;
  std::function<void(SplitPlan&)> plan;
  std::function<std::size_t(std::size_t group)> group;  ///< The group that is mapped in its place.
  std::function<void(MapOutput&)> mapped;               ///< Before anything is spilled.
  std::function<void(RunSet&)> runs;                    ///< Before they are merged.
  std::function<bool(std::size_t slice)> skips_scatter;
  std::function<std::unique_ptr<PieceSource>(std::unique_ptr<PieceSource>)> pieces;
  std::function<std::unique_ptr<PieceSource>(RunSet&, MemoryBudget&)> pieces_of_runs;
};

struct PipelineSetup {
  InProcessSpec spec;
  bool spills = false;
  std::uint32_t partitions = 3;
  std::uint64_t split_bytes = 2000;
  /// Each split is a task, and so many of them make a run; 0: splits are grouped, and make three.
  std::size_t splits_of_run = 0;
  std::size_t sort_bytes = 0;   ///< Of the sort buffers; 0: plenty. Too few make runs, too.
  std::size_t first_task = 0;   ///< Number of the map's first task.
  std::size_t table_bytes = 0;  ///< Of the combine table; 0: plenty.
  std::size_t fan_in = 2;       ///< Of the merges on disk.
  /// Keys of every partition between the ranges that sort buffers keep apart; none: they do not.
  std::vector<std::string> range_borders;
};

/// What a run did; of spills, where it had any.
struct PipelineInfo {
  std::uint64_t emitted_pairs = 0;
  std::uint64_t spilled_runs = 0;
  std::uint64_t spilled_pairs = 0;
  std::uint64_t spilled_bytes = 0;
  MergeInfo merged;
  std::uint64_t groups = 0;
};

/// Runs every body in order, except those of its second call that it is told to skip.
class SkippingExecutor final : public Executor {
 public:
  explicit SkippingExecutor(std::function<bool(std::size_t)> skips) : skips_(std::move(skips)) {}
  void for_each_index(std::size_t count, const std::function<void(std::size_t)>& body) override {
    const bool may_skip = calls_++ == 1 && skips_;
    for (std::size_t index = 0; index < count; ++index)
      if (!may_skip || !skips_(index)) body(index);
  }
  unsigned width() const override { return 2; }

 private:
  std::function<bool(std::size_t)> skips_;
  std::size_t calls_ = 0;
};

class OpenPipeline {
 public:
  explicit OpenPipeline(const PipelineSetup& setup) : setup_(setup) {}

  PipelineHooks hooks;
  FaultyStorage storage;
  PipelineInfo info;

  /// The bytes of all parts.
  Result<std::vector<std::string>> run(const std::string& text) {
    write_file(folder_ / "input", text);
    MRUN_TRY_ASSIGN(const InputList inputs, list_inputs(input_arguments({folder_ / "input"})));
    SplitPlan plan = plan_splits(inputs, setup_.split_bytes, kLines);
    if (hooks.plan) hooks.plan(plan);
    InProcessJob job(setup_.spec, hooks.job);
    MemoryPlan::Needs needs;
    needs.combines = job.spec().combine != CombineKind::none;
    needs.fold_is_exact = true;
    MemoryPlan memory = MemoryPlan::make(std::size_t{36} << 20, 2, needs);
    if (setup_.sort_bytes != 0) memory.sort_bytes = setup_.sort_bytes;
    if (setup_.table_bytes != 0) memory.table_share_bytes = setup_.table_bytes;
    MapOutput::Setup wanted{job, setup_.partitions, memory, 1, scratch_, stop_, 7};
    std::optional<PiecePlan> ranges;
    if (!setup_.range_borders.empty()) {
      std::vector<KeyBorders> cuts;
      const Partitioner partitioner(job, setup_.partitions);
      while (cuts.size() < partitioner.partitions()) cuts.emplace_back(setup_.range_borders);
      wanted.ranges = &ranges.emplace(PiecePlan::of_partitions(std::move(cuts)));
    }
    MRUN_TRY_ASSIGN(const auto output, MapOutput::create(wanted));
    MRUN_TRY(map(inputs, plan, job, *output));
    return reduce(job, memory, *output);
  }

 private:
  // Makes a run of every few groups; one worker takes all.
  class SpillingTarget final : public MapTarget {
   public:
    SpillingTarget(MapOutput& output, const OpenPipeline& pipeline, std::size_t groups_of_run)
        : output_(output), target_(output), pipeline_(pipeline), groups_of_run_(groups_of_run) {}
    void begin_section(std::span<const SplitGroup> groups) override {
      target_.begin_section(groups);
    }
    Result<void> run(const GroupRun& group, const Maps& maps) override {
      MRUN_TRY(target_.run(group, maps));
      if (!pipeline_.setup_.spills || (group.index + 1) % groups_of_run_ != 0) return {};
      const bool first = group.index + 1 == groups_of_run_;
      if (first && pipeline_.hooks.mapped) pipeline_.hooks.mapped(output_);
      OrderedExecutor executor(OrderedExecutor::Order::ascending);
      return output_.spill_rest(executor);
    }

   private:
    MapOutput& output_;
    ShuffleTarget target_;
    const OpenPipeline& pipeline_;
    const std::size_t groups_of_run_;
  };

  Result<void> map(const InputList& inputs, const SplitPlan& plan, UserCode& job,
                   MapOutput& output) {
    MemoryBudget budget(std::size_t{4} << 20);
    ReaderOptions reading;
    reading.split_bytes = plan.split_bytes;
    InputReader reader(inputs, plan, reading, budget, stop_);
    OrderedExecutor executor(OrderedExecutor::Order::ascending);
    std::vector<SplitGroup> groups = group_splits(plan);
    if (setup_.splits_of_run != 0) {
      groups.clear();
      for (std::size_t i = 0; i < plan.splits.size(); ++i) groups.push_back({i, 1, false, 0});
    }
    SpillingTarget target(output, *this,
                          setup_.splits_of_run != 0 ? setup_.splits_of_run : groups.size() / 3 + 1);
    const std::vector<SplitGroup> right = groups;
    for (std::size_t i = 0; hooks.group && i < groups.size(); ++i)
      groups[i] = right[hooks.group(i)];
    MRUN_TRY_ASSIGN(const MapPhaseInfo mapped,
                    run_map_phase({job, plan, reader, target, executor, progress_, stop_, peak_,
                                   setup_.first_task},
                                  groups));
    info.emitted_pairs = mapped.emitted_pairs;
    MRUN_TRY(output.flush_table(0));
    MRUN_TRY(output.check_arrived(mapped.emitted_pairs));
    if (hooks.mapped && !setup_.spills) hooks.mapped(output);
    return setup_.spills ? output.spill_rest(executor) : Result<void>();
  }

  Result<std::vector<std::string>> reduce(InProcessJob& job, const MemoryPlan& memory,
                                          MapOutput& output) {
    SkippingExecutor executor(hooks.skips_scatter);
    MemoryBudget budget(std::size_t{32} << 20);
    if (!output.has_runs()) {
      MRUN_TRY_ASSIGN(auto pieces,
                      pieces_in_memory(output, job, setup_.partitions, executor, stop_));
      return write_parts(job, output, std::move(pieces));
    }
    RunSet runs;
    runs.runs = output.take_runs(runs.files);
    runs.pairs = output.spilled_pairs();
    info.spilled_runs = output.spilled_runs();
    info.spilled_pairs = output.spilled_pairs();
    info.spilled_bytes = output.spilled_bytes();
    if (hooks.runs) hooks.runs(runs);
    MergeMemory merging;
    merging.bytes = budget.limit_bytes();
    merging.fan_in = setup_.fan_in;
    MRUN_TRY_ASSIGN(info.merged, merge_down(runs, {setup_.partitions, output.combiner(), executor,
                                                   scratch_, budget, output.index_budget(), merging,
                                                   memory.block_bytes, stop_}));
    if (hooks.pieces_of_runs) return write_parts(job, output, hooks.pieces_of_runs(runs, budget));
    return write_parts(
        job, output,
        pieces_in_runs(std::move(runs), output.partitioner().partitions(), sample_of(output, job),
                       job, setup_.partitions, budget, merging, kOutputBytes));
  }

  Result<std::vector<std::string>> write_parts(InProcessJob& job, const MapOutput& output,
                                               std::unique_ptr<PieceSource> pieces) {
    if (hooks.pieces) pieces = hooks.pieces(std::move(pieces));
    const std::string out = folder_ / "out";
    MRUN_TRY(storage.make_folder(out, 0700));
    MemoryBudget budget(kOutputBytes);
    PartSet parts({storage, out, {}, setup_.partitions, budget, stop_, false});
    const std::vector<std::string> no_names;
    const PairFormatter formatter(job.spec(), no_names);
    OrderedExecutor executor(OrderedExecutor::Order::ascending);
    MRUN_TRY_ASSIGN(const ReduceInfo reduced,
                    run_reduce_phase(*pieces, {job, output.combiner(), formatter, OutEnd::newline,
                                               PartForm::bytes, budget, parts, executor, progress_,
                                               stop_, peak_, scratch_, 0}));
    info.groups = reduced.groups;
    MRUN_TRY(parts.finish());
    std::vector<std::string> bytes;
    for (const auto& [name, part] : read_tree(out)) bytes.push_back(part);
    return bytes;
  }

  static constexpr std::size_t kOutputBytes = std::size_t{4} << 20;

  PipelineSetup setup_;
  TempFolder folder_;
  ScratchSpace scratch_{storage, {folder_.path()}};
  StopFlag stop_;
  Progress progress_;
  PeakMemory peak_;
};

}  // namespace mrun::test_support
