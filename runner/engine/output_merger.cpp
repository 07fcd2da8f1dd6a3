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
#include "engine/run_merge.hpp"
#include "engine/run_result.hpp"
#include "engine/stored_runs.hpp"
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
    MRUN_TRY(plan_pieces());     // So is what each piece of work reads and writes, if all fits.
    clock_.end(budget_->peak_bytes());
    if (pieces_ == nullptr) MRUN_TRY(merge_on_disk());  // Now it does.
    MRUN_TRY(merge());                                  // All parts are written.
    MRUN_TRY(commit());                                 // The output is whole and visible.
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
    needs.spill_compression = options_.spill_compression;
    memory_ = MemoryPlan::make(options_.memory_bytes, threads, needs);
    // Nothing is sorted: what sorts have serves what is read.
    budget_.emplace(memory_.merge_bytes());
    output_budget_.emplace(memory_.output_bytes);
    coding_budget_.emplace(memory_.coding_bytes);
    spill_budget_.emplace(memory_.spill_bytes);
    index_budget_.emplace(memory_.index_bytes);
    std::vector<std::string> folders = options_.tmp_dirs;
    if (folders.empty()) folders.push_back(committer_->work_folder());
    scratch_.emplace(environment_.storage, std::move(folders),
                     options_.tmp_limit_bytes.value_or(UINT64_MAX));
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
    const std::vector<StoredOutput> stored = inputs_.stored();
    for (const StoredOutput& output : stored) {
      for (const StoredOutput::Part& part : output.parts) {
        ++info_.input_files;
        info_.input_bytes += part.stored.size_bytes;
        info_.input_records += part.stored.records;
      }
    }
    MRUN_TRY_ASSIGN(sample_, sample_outputs(stored, *job_, part_count_, *budget_, *executor_,
                                            environment_.stop));
    MRUN_TRY_ASSIGN(pieces_, pieces_of_outputs(stored, stored_setup()));
    return {};
  }

  StoredPiecesSetup stored_setup() {
    return {*job_, part_count_, sample_, *budget_, *executor_, environment_.stop};
  }

  /// Where one merge cannot read all: runs of as many parts as it can, which are merged as those of
  /// a run are.
  Result<void> merge_on_disk() {
    clock_.begin("spill");
    const SpillPacking packing{
        options_.spill_compression, &scratch_->write_rate(), &packing_tally_, {}};
    const StoredPiecesSetup stored = stored_setup();
    const SpillSetup spill{combiner_,      memory_.block_bytes, *spill_budget_,
                           *index_budget_, environment_.stop,   packing};
    MRUN_TRY_ASSIGN(RunSet runs,
                    runs_of_outputs(inputs_.stored(), {stored, memory_, spill, *scratch_}));
    info_.spilled_runs = runs.runs.size();
    for (const SortedRun& run : runs.runs) info_.spilled_bytes += run.size_bytes();
    MRUN_TRY_ASSIGN(
        pieces_,
        merge_to_pieces(std::move(runs),
                        {*job_, Partitioner(*job_, part_count_).partitions(), part_count_, sample_,
                         combiner_, memory_, executor_->width(), *executor_, *scratch_, *budget_,
                         *index_budget_, *output_budget_, environment_.stop, packing},
                        info_));
    clock_.end(budget_->peak_bytes() + spill_budget_->peak_bytes() + index_budget_->peak_bytes());
    return {};
  }

  Result<void> merge() {
    clock_.begin("merge");
    const PairFormatter formatter(job_->spec(), file_names_);
    MRUN_TRY_ASSIGN(
        const ReduceInfo merged,
        run_reduce_phase(*pieces_, {*job_, combiner_, formatter, job_->spec().out_end, coding_.form,
                                    *output_budget_, *parts_, *executor_, environment_.progress,
                                    environment_.stop, peak_, *scratch_}));
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
    info_.scratch_peak_bytes = scratch_->peak_bytes();
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
  MemoryPlan memory_;
  std::vector<WeightedKey> sample_;  // Of a total order.
  PackingTally packing_tally_;
  std::optional<ScratchSpace> scratch_;  // Before all that has files in it.
  std::optional<MemoryBudget> spill_budget_;
  std::optional<MemoryBudget> index_budget_;
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
