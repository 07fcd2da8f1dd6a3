// The recipe of a merge of outputs: a run whose map has been done.
#include "engine/output_merger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/limited_loop.hpp"
#include "engine/memory_plan.hpp"
#include "engine/partition_count.hpp"
#include "engine/phase_clock.hpp"
#include "engine/record_formats.hpp"
#include "engine/reduce_phase.hpp"
#include "engine/run_result.hpp"
#include "os/host.hpp"
#include "output/committer.hpp"
#include "output/run_record.hpp"
#include "shuffle/state_fold.hpp"

namespace mrun {
namespace {

class OutputMerge {
 public:
  OutputMerge(const MergeInputs& inputs, const RunOptions& options, JobFactory& job,
              const RunEnvironment& environment)
      : inputs_(inputs),
        options_(options),
        factory_(job),
        environment_(environment),
        clock_(info_, environment.progress, peak_) {}

  Result<RunInfo> run() {
    clock_.begin("plan");
    MRUN_TRY(configure_job());   // The outputs are of this job, and the number of parts is fixed.
    MRUN_TRY(prepare_output());  // The place is ours; nothing of it is visible.
    MRUN_TRY(share_memory());    // Threads and every buffer's share are fixed.
    MRUN_TRY(plan_pieces());     // So is what each piece of work reads and writes.
    clock_.end(budget_->peak_bytes());
    MRUN_TRY(merge());   // All parts are written.
    MRUN_TRY(commit());  // The output is whole and visible.
    info_.seconds = clock_.seconds_since_start();
    return std::move(info_);
  }

 private:
  Result<void> configure_job() {
    const auto parts_for = [&](const JobSpec& spec) {
      return partition_count(spec, options_, inputs_.input_bytes());
    };
    file_names_ = inputs_.file_names();
    MRUN_TRY_ASSIGN(job_, factory_.configure({parts_for(factory_.declared()), file_names_}));
    MRUN_TRY(inputs_.check(job_->spec()));
    part_count_ = parts_for(job_->spec());
    MRUN_TRY(check_partitions(job_->spec(), options_, part_count_));
    if (job_->spec().folds()) combiner_.fold = &fold_.emplace(*job_);
    combiner_.unique = job_->spec().combine == CombineKind::unique;
    manifest_ = inputs_.manifest(job_->spec());
    return {};
  }

  Result<void> prepare_output() {
    started_at_ = utc_time_text();
    std::vector<std::string> outputs;
    for (const InputArgument& input : options_.inputs) outputs.push_back(input.path);
    MRUN_TRY_ASSIGN(Committer committer,
                    Committer::prepare(environment_.storage, {options_.output, outputs,
                                                              options_.overwrite, options_.sync}));
    committer_.emplace(std::move(committer));
    return {};
  }

  Result<void> share_memory() {
    coding_ = part_coding(options_, job_->spec());
    MemoryPlan::Needs needs;
    needs.coding_bytes = PartFile::coding_bytes(coding_);
    MRUN_TRY_ASSIGN(const unsigned threads,
                    threads_for(options_.memory_bytes, environment_.executor.width(), needs));
    executor_.emplace(environment_.executor, threads);
    const MemoryPlan memory = MemoryPlan::make(options_.memory_bytes, threads, needs);
    // Nothing is sorted: all but the output's share serves what is read.
    budget_.emplace(memory.sort_bytes + memory.table_bytes + memory.input_bytes);
    output_budget_.emplace(memory.output_bytes);
    coding_budget_.emplace(memory.coding_bytes);
    coding_.budget = &*coding_budget_;
    info_.threads = threads;
    info_.threads_asked = options_.threads;
    info_.memory_bytes = options_.memory_bytes;
    parts_.emplace(PartSet::Setup{environment_.storage,
                                  committer_->out_folder(),
                                  {},
                                  part_count_,
                                  *output_budget_,
                                  environment_.stop,
                                  options_.sync,
                                  coding_});
    return {};
  }

  Result<void> plan_pieces() {
    std::vector<StoredOutput> stored = inputs_.stored();
    for (const StoredOutput& output : stored) {
      for (const StoredOutput::Part& part : output.parts) {
        ++info_.input_files;
        info_.input_bytes += part.stored.size_bytes;
        info_.input_records += part.stored.records;
      }
    }
    MRUN_TRY_ASSIGN(pieces_, pieces_of_outputs(std::move(stored), {*job_, part_count_, *budget_,
                                                                   *executor_, environment_.stop}));
    return {};
  }

  Result<void> merge() {
    clock_.begin("merge");
    // For what a reduce puts aside, which there is none of.
    ScratchSpace scratch(environment_.storage, {committer_->work_folder()}, UINT64_MAX);
    const PairFormatter formatter(job_->spec(), file_names_);
    MRUN_TRY_ASSIGN(
        const ReduceInfo merged,
        run_reduce_phase(*pieces_, {*job_, combiner_, formatter, job_->spec().out_end, coding_.form,
                                    *output_budget_, *parts_, *executor_, environment_.progress,
                                    environment_.stop, peak_, scratch}));
    info_.groups = merged.groups;
    clock_.end(budget_->peak_bytes() + output_budget_->peak_bytes());
    return {};
  }

  Result<void> commit() {
    clock_.begin("commit");
    MRUN_TRY(job_->fault());  // What the job's calls without a result met.
    MRUN_TRY_ASSIGN(manifest_.parts, parts_->finish());
    manifest_.groups = info_.groups;
    add_totals(info_, manifest_.parts);
    if (environment_.stop.stopped()) return fail(Code::cancelled, "stopped");
    info_.seconds = clock_.seconds_since_start();
    MRUN_TRY_ASSIGN(
        info_.warning,
        committer_->commit(manifest_, run_record_text(info_, options_, host_name(), started_at_)));
    clock_.end(0);
    return {};
  }

  const MergeInputs& inputs_;
  const RunOptions& options_;
  JobFactory& factory_;
  const RunEnvironment& environment_;

  RunInfo info_;
  PeakMemory peak_;
  PhaseClock clock_;
  std::string started_at_;
  std::vector<std::string> file_names_;
  std::unique_ptr<UserCode> job_;
  std::uint32_t part_count_ = 1;
  std::optional<StateFold> fold_;
  SortedCombiner combiner_;
  Manifest manifest_;
  std::optional<Committer> committer_;
  std::optional<LimitedExecutor> executor_;
  std::optional<MemoryBudget> budget_;
  std::optional<MemoryBudget> output_budget_;
  std::optional<MemoryBudget> coding_budget_;
  PartFile::Coding coding_;
  std::optional<PartSet> parts_;
  std::unique_ptr<PieceSource> pieces_;
};

}  // namespace

Result<RunInfo> merge_outputs(const MergeInputs& inputs, const RunOptions& options, JobFactory& job,
                              const RunEnvironment& environment) {
  return OutputMerge(inputs, options, job, environment).run();
}

}  // namespace mrun
