// The whole of a run, step by step. Read this file first.
#include "engine/job_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/size_text.hpp"
#include "codec/frames.hpp"
#include "engine/disk_check.hpp"
#include "engine/explain.hpp"
#include "engine/first_failure.hpp"
#include "engine/limited_loop.hpp"
#include "engine/map_phase.hpp"
#include "engine/memory_plan.hpp"
#include "engine/merge_phase.hpp"
#include "engine/partition_count.hpp"
#include "engine/phase_clock.hpp"
#include "engine/range_plan.hpp"
#include "engine/record_formats.hpp"
#include "engine/reduce_phase.hpp"
#include "engine/run_merge.hpp"
#include "engine/run_result.hpp"
#include "os/host.hpp"
#include "os/path_info.hpp"
#include "output/committer.hpp"
#include "output/output_target.hpp"
#include "output/run_record.hpp"
#include "shuffle/merger.hpp"
#include "shuffle/run_reader.hpp"
#include "shuffle/run_writer.hpp"

namespace mrun {
namespace {

// A stream's split is held in memory while it is mapped, by each thread. Its size shows where a job
// does something at the end of a split, so it must not depend on the number of threads.
constexpr std::size_t kStreamSplitMost = std::size_t{1} << 20;

// Of a part of a compressed file: its text takes more in odd cases alone.
constexpr std::size_t kTextAheadMost = std::size_t{64} << 20;
// What reading it takes besides: stored bytes, lists of records, the beginning of the next record.
constexpr std::size_t kDecodingSlack = std::size_t{512} << 10;

std::vector<std::string> input_paths(const RunOptions& options) {
  std::vector<std::string> paths;
  for (const InputArgument& argument : options.inputs) paths.push_back(argument.path);
  return paths;
}

class JobRun {
 public:
  JobRun(const RunOptions& options, JobFactory& job, const RunEnvironment& environment)
      : options_(options),
        factory_(job),
        environment_(environment),
        clock_(info_, environment.progress, peak_) {}

  Result<RunInfo> run() {
    clock_.begin("plan");
    MRUN_TRY(check_memory());
    MRUN_TRY(list_input());      // The files of the run are fixed.
    MRUN_TRY(configure_job());   // The job's shape, the splits and the number of parts are fixed.
    MRUN_TRY(prepare_output());  // The place is ours; nothing of it is visible.
    MRUN_TRY(share_memory());    // Threads and every buffer's share are fixed.
    MRUN_TRY(check_room());      // What is known of the disks' room is known.
    clock_.end(0);

    MRUN_TRY(job_->spec().map_only ? map_into_parts()
                                   : map_and_reduce());  // All parts are written.
    MRUN_TRY(reader_->check_unchanged(parallel_));       // What was read is what was listed.
    MRUN_TRY(commit());                                  // The output is whole and visible.
    info_.seconds = clock_.seconds_since_start();
    return std::move(info_);
  }

  Result<RunPlan> explain() {
    MRUN_TRY(check_memory());
    MRUN_TRY(list_input());
    MRUN_TRY(configure_job());
    std::string output_parent;
    if (options_.is_streamed()) {
      MRUN_TRY(check_stream());
    } else {
      MRUN_TRY_ASSIGN(OutputTarget target,
                      check_output(options_.output, input_paths(options_), options_.overwrite));
      output_parent = std::move(target.parent);
    }
    MRUN_TRY(share_memory());
    note_scratch_folders(options_.is_streamed() ? temp_folder() : output_parent);
    RunPlan plan = explain_run(
        {options_, job_->spec(), inputs_, plan_, formats_, part_count_, threads_, memory_});
    plan.estimate = disk_check().estimate(spill_compression_);
    plan.compress_spill = spill_compression_name(spill_compression_);
    return plan;
  }

 private:
  Result<void> check_memory() const {
    if (options_.memory_bytes >= kMemoryLeast) return {};
    return fail(Code::usage,
                fmt::format("a memory budget of {} is too small", size_text(options_.memory_bytes)),
                fmt::format("give at least {} with --memory", size_text(kMemoryLeast)));
  }

  Result<void> list_input() {
    MRUN_TRY_ASSIGN(inputs_,
                    list_inputs(options_.inputs, {options_.include, options_.exclude}, parallel_));
    info_.input_files = inputs_.files.size();
    info_.skipped_files = inputs_.skipped_files;
    info_.excluded_files = inputs_.excluded_files;
    for (const InputFile& file : inputs_.files) file_names_.push_back(file.name);
    if (options_.decompresses) MRUN_TRY(find_compressed(inputs_, parallel_));
    has_compressed_ = std::any_of(inputs_.files.begin(), inputs_.files.end(),
                                  [](const InputFile& f) { return f.is_compressed(); });
    has_streams_ = std::any_of(inputs_.files.begin(), inputs_.files.end(),
                               [](const InputFile& f) { return f.is_stream; });
    return {};
  }

  Result<void> configure_job() {
    const auto parts_for = [&](const JobSpec& spec) {
      return partition_count(spec, options_, inputs_.planned_bytes());
    };
    MRUN_TRY_ASSIGN(job_, factory_.configure({parts_for(factory_.declared()), file_names_}));
    part_count_ = parts_for(job_->spec());
    MRUN_TRY(check_partitions(job_->spec(), options_, part_count_));
    MRUN_TRY_ASSIGN(formats_, record_formats(options_, job_->spec()));
    plan_ = plan_splits(inputs_, options_.split_bytes, formats_);
    groups_ = group_splits(plan_);
    MRUN_TRY(check_pair_output(options_, job_->spec()));
    const JobSpec written = as_written(options_, job_->spec(), formats_);
    if (options_.writes_pairs())
      pair_schema_ = pair_schema(*options_.output_format, written, file_names_);
    out_end_ = written.out_end;
    formatter_.emplace(written, file_names_);
    return {};
  }

  Result<void> prepare_output() {
    for (const std::string& folder : options_.tmp_dirs)
      if (!is_writable_folder(folder))
        return fail(Code::output,
                    fmt::format("--tmp-dir '{}' is not a folder that can be written", folder),
                    "make it, or choose another one");
    started_at_ = utc_time_text();
    if (options_.is_streamed()) return prepare_stream();
    MRUN_TRY_ASSIGN(Committer committer, Committer::prepare(environment_.storage,
                                                            {options_.output, input_paths(options_),
                                                             options_.overwrite, options_.sync}));
    committer_.emplace(std::move(committer));
    make_scratch(committer_->work_folder());
    return {};
  }

  Result<void> check_stream() const {
    if (!job_->spec().side_outputs.empty())
      return fail(Code::usage,
                  fmt::format("job '{}' writes side outputs, and '-' has no place for them",
                              job_->spec().name),
                  "name a folder for the output");
    if (options_.tmp_dirs.empty() && !is_writable_folder(temp_folder()))
      return fail(Code::output,
                  fmt::format("'{}', for what does not fit in memory, is not a folder that can be "
                              "written",
                              temp_folder()),
                  "name another one with --tmp-dir");
    return {};
  }

  Result<void> prepare_stream() {
    MRUN_TRY(check_stream());
    make_scratch(temp_folder());
    stream_.emplace(*scratch_, part_count_, environment_.write_out);
    return {};
  }

  Result<void> share_memory() {
    const JobSpec& spec = job_->spec();
    MemoryPlan::Needs needs;
    needs.combines = spec.folds();
    needs.fold_is_exact = spec.folds_exactly();
    needs.keeps_rows = spec.needs_rows;
    PartFile::Coding main_coding = part_coding(options_, spec), side_coding;
    side_coding.compression = options_.compression;
    needs.coding_bytes = PartFile::coding_bytes(main_coding) +
                         spec.side_outputs.size() * PartFile::coding_bytes(side_coding);
    const bool has_frames = main_coding.form == PartForm::bytes || !spec.side_outputs.empty();
    if (has_frames && options_.compression != Compression::none)
      needs.coding_work_bytes = kFrameWorkBytes;
    needs.spill_compression = spill_compression_;
    needs.outputs = 1 + spec.side_outputs.size();
    needs.decompresses = has_compressed_;
    needs.reads_unmapped = has_streams_ || has_compressed_ || options_.io == IoMode::pread;
    MRUN_TRY_ASSIGN(threads_,
                    threads_for(options_.memory_bytes, environment_.executor.width(), needs));
    executor_.emplace(environment_.executor, threads_);
    memory_ = MemoryPlan::make(options_.memory_bytes, threads_, needs);
    input_budget_.emplace(memory_.input_bytes);
    output_budget_.emplace(memory_.output_bytes);
    coding_budget_.emplace(memory_.coding_bytes);
    main_coding.budget = side_coding.budget = &*coding_budget_;
    main_form_ = main_coding.form;
    info_.threads = threads_;
    info_.threads_asked = options_.threads;
    info_.memory_bytes = options_.memory_bytes;

    ReaderOptions reading;
    reading.inputs = record_rules(options_, spec, formats_);
    reading.io = options_.io;
    reading.decompresses = options_.decompresses;
    const std::size_t decoding_share = memory_.decoding_share_bytes(threads_);
    reading.decoder_bytes_most = decoding_share / 4 * 3;
    reading.text_bytes_most = std::min(kTextAheadMost, decoding_share / 4 - kDecodingSlack);
    reading.split_bytes = plan_.split_bytes;
    reading.stream_split_bytes_most = std::min(kStreamSplitMost, options_.memory_bytes / 64);
    reading_ = reading;
    reader_.emplace(inputs_, plan_, reading, *input_budget_, environment_.stop);
    std::vector<std::string> side_outputs;
    for (const NamedSpec& side : spec.side_outputs) side_outputs.push_back(side.name);
    parts_.emplace(
        PartSet::Setup{environment_.storage, committer_ ? committer_->out_folder() : std::string(),
                       std::move(side_outputs), part_count_, *output_budget_, environment_.stop,
                       options_.sync, main_coding, side_coding, stream_ ? &*stream_ : nullptr});
    return {};
  }

  DiskCheck disk_check() {
    return DiskCheck(
        {options_,
         {*job_, inputs_, plan_, reading_, formats_, *formatter_, environment_.stop,
          environment_.storage,
          spill_compression_ == SpillCompression::automatic ? scratch_folders_
                                                            : std::vector<std::string>(),
          part_count_, memory_.block_bytes, memory_.sort_bytes, memory_.input_bytes, 0,
          environment_.sample_seconds_most},
         memory_,
         threads_});
  }

  Result<void> check_room() {
    std::vector<std::string> scratch_folders = scratch_->folders();
    std::optional<std::string> output_folder;
    if (committer_) {
      // The staging folder lies where the output will: that is the place that users know.
      const std::string staged = committer_->out_folder();
      output_folder = staged.substr(0, std::max<std::size_t>(1, staged.rfind("/.mrun-")));
      if (options_.tmp_dirs.empty()) scratch_folders = {*output_folder};
    }
    MRUN_TRY_ASSIGN(RunDisks disks, RunDisks::look(scratch_folders, output_folder));
    disks.scratch_limit_bytes = scratch_->limit_bytes();
    DiskCheck check = disk_check();
    MRUN_TRY_ASSIGN(DiskCheck::Verdict verdict, check.check(disks));
    if (!verdict.warning.empty() && environment_.warn) environment_.warn(verdict.warning);
    spill_compression_ = verdict.compression;
    info_.estimate = std::move(verdict.estimate);
    plan_ranges_by(check);
    scratch_->expect(info_.estimate.scratch_bytes);
    return {};
  }

  void plan_ranges_by(DiskCheck& check) {
    const std::uint64_t input_bytes = inputs_.planned_bytes();
    const std::uint32_t partitions = Partitioner(*job_, part_count_).partitions();
    if (are_ranges_worth_a_sample(job_->spec(), input_bytes, partitions))
      ranges_ = plan_ranges({job_->spec(), check.yield(), input_bytes, plan_.splits.size(),
                             partitions, memory_.sort_bytes, threads_});
  }

  Result<void> run_map(MapTarget& target) {
    clock_.begin("map", has_streams_ ? 0 : inputs_.planned_bytes());
    const MapPhaseSetup setup{
        *job_, plan_, *reader_, target, *executor_, environment_.progress, environment_.stop,
        peak_};
    MRUN_TRY_ASSIGN(MapPhaseInfo mapped, run_map_phase(setup, groups_));
    info_.input_records = mapped.records;
    info_.emitted_pairs = mapped.emitted_pairs;
    info_.input_bytes = mapped.size_bytes;
    info_.splits = mapped.splits;
    add_counters(mapped.counters);
    return {};
  }

  Result<void> map_into_parts() {
    DirectTarget target(*parts_, part_count_, inputs_.planned_bytes(), out_end_, *formatter_,
                        has_streams_);
    MRUN_TRY(run_map(target));
    MRUN_TRY(target.end());
    if (target.emitted_pairs() != info_.emitted_pairs) {
      return fail(Code::integrity,
                  fmt::format("the maps emitted {} pairs, and {} arrived", info_.emitted_pairs,
                              target.emitted_pairs()),
                  "this is a bug in mrun; no output was made");
    }
    clock_.end(input_budget_->peak_bytes() + output_budget_->peak_bytes());
    return {};
  }

  Result<void> map_and_reduce() {
    MRUN_TRY_ASSIGN(map_output_, MapOutput::create({*job_, part_count_, memory_, threads_,
                                                    *scratch_, environment_.stop,
                                                    std::random_device{}(), &environment_.progress,
                                                    packing(), ranges_ ? &*ranges_ : nullptr}));
    std::optional<ShuffleTarget::SideOutputs> sides;
    if (!job_->spec().side_outputs.empty()) {
      sides.emplace(ShuffleTarget::SideOutputs{*parts_, out_end_, has_streams_});
      parts_->hold(0);  // For the pieces of reduce, which follow those of map.
    }
    ShuffleTarget target(*map_output_, sides);
    MRUN_TRY(run_map(target));
    MRUN_TRY(target.end());
    MRUN_TRY(for_each_worker([&](std::size_t worker) { return map_output_->flush_table(worker); }));
    MRUN_TRY(map_output_->check_arrived(info_.emitted_pairs));
    if (map_output_->has_lists()) {
      clock_.end(map_output_->peak_bytes() + input_budget_->peak_bytes());
      clock_.begin("fold");
      MRUN_TRY(map_output_->fold_lists(*executor_));
    }
    // All pairs are in the sort buffers, or some of them in runs. Runs and buffers are not mixed:
    // the buffers' memory is what the merge works with.
    if (map_output_->has_runs()) {
      MRUN_TRY(map_output_->spill_rest(*executor_));
      map_output_->release_memory();
    }
    info_.spilled_runs = map_output_->spilled_runs();
    info_.spilled_bytes = map_output_->spilled_bytes();
    clock_.end(map_output_->peak_bytes() + input_budget_->peak_bytes());
    MRUN_TRY(map_output_->has_runs() ? reduce_from_runs() : reduce_from_memory());
    return sides ? parts_->done(0) : Result<void>();
  }

  SpillPacking packing() {
    return {spill_compression_, &scratch_->write_rate(), &packing_tally_,
            info_.estimate.is_known ? std::optional(info_.estimate.packs_spill) : std::nullopt};
  }

  void note_scratch_folders(const std::string& default_folder) {
    scratch_folders_ = options_.tmp_dirs;
    if (scratch_folders_.empty()) scratch_folders_.push_back(default_folder);
  }

  void make_scratch(const std::string& default_folder) {
    note_scratch_folders(default_folder);
    scratch_.emplace(environment_.storage, scratch_folders_,
                     options_.tmp_limit_bytes.value_or(UINT64_MAX));
  }

  Result<void> for_each_worker(const std::function<Result<void>(std::size_t)>& work) {
    FirstFailure failure;
    executor_->for_each_index(map_output_->worker_count(),
                              [&](std::size_t i) { failure.note(i, work(i)); });
    return failure.result();
  }

  Result<void> reduce_from_memory() {
    clock_.begin("sort");
    MRUN_TRY_ASSIGN(const auto pieces, pieces_in_memory(*map_output_, *job_, part_count_,
                                                        *executor_, environment_.stop));
    clock_.end(map_output_->peak_bytes());
    return reduce(*pieces, [this] { return map_output_->peak_bytes(); });
  }

  Result<void> reduce_from_runs() {
    clock_.begin("merge");
    RunSet runs;
    runs.runs = map_output_->take_runs(runs.files);
    runs.pairs = map_output_->spilled_pairs();
    MemoryBudget budget(memory_.merge_bytes());
    MRUN_TRY_ASSIGN(
        const auto pieces,
        merge_to_pieces(std::move(runs),
                        {*job_, map_output_->partitioner().partitions(), part_count_,
                         sample_of(*map_output_, *job_), map_output_->combiner(), memory_, threads_,
                         *executor_, *scratch_, budget, map_output_->index_budget(),
                         *output_budget_, environment_.stop, packing()},
                        info_));
    clock_.end(budget.peak_bytes());
    return reduce(*pieces, [&budget] { return budget.peak_bytes(); });
  }

  // `budget_peak`: of what the pieces are charged to.
  Result<void> reduce(PieceSource& pieces, const std::function<std::uint64_t()>& budget_peak) {
    clock_.begin("reduce");
    MRUN_TRY_ASSIGN(
        const ReduceInfo reduced,
        run_reduce_phase(pieces, {*job_, map_output_->combiner(), *formatter_, out_end_, main_form_,
                                  *output_budget_, *parts_, *executor_, environment_.progress,
                                  environment_.stop, peak_, *scratch_, memory_.row_share_bytes}));
    info_.groups = reduced.groups;
    info_.spilled_bytes += reduced.spilled_row_bytes;
    add_counters(reduced.counters);
    clock_.end(budget_peak() + output_budget_->peak_bytes());
    return {};
  }

  void add_counters(const std::vector<std::int64_t>& values) {
    counters_.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) counters_[i] += values[i];
  }

  // Of all inputs, decompressed.
  std::uint64_t text_bytes() const {
    std::uint64_t bytes = 0;
    for (const InputFile& file : inputs_.files) bytes += file.identity.size_bytes;
    return bytes + static_cast<std::uint64_t>(reader_->decoded_bytes_more());
  }

  Result<void> commit() {
    clock_.begin("commit");
    MRUN_TRY(job_->fault());  // What the job's calls without a result met.
    MRUN_TRY_ASSIGN(std::vector<PartInfo> parts, parts_->finish());
    const JobSpec& spec = job_->spec();
    for (std::size_t i = 0; i < spec.counters.size(); ++i)
      info_.counters.push_back({spec.counters[i].name, counters_[i]});
    add_totals(info_, parts);
    // After the check that the files are what was listed: a file that changed is named as such.
    MRUN_TRY(check_totals(info_, spec, has_streams_ ? std::nullopt : std::optional(text_bytes())));
    Manifest manifest = manifest_of(options_, spec, inputs_, info_, std::move(parts));
    manifest.pairs = std::move(pair_schema_);
    if (environment_.stop.stopped()) return fail(Code::cancelled, "stopped");
    info_.scratch_peak_bytes = scratch_->peak_bytes();
    info_.seconds = clock_.seconds_since_start();
    if (committer_) {
      MRUN_TRY_ASSIGN(
          info_.warning,
          committer_->commit(manifest, run_record_text(info_, options_, host_name(), started_at_)));
    }
    clock_.end(0);
    return {};
  }

  const RunOptions& options_;
  JobFactory& factory_;
  const RunEnvironment& environment_;
  const ParallelFor parallel_ = [this](std::size_t count,
                                       const std::function<void(std::size_t)>& body) {
    environment_.executor.for_each_index(count, body);
  };

  RunInfo info_;
  PeakMemory peak_;
  PhaseClock clock_;
  std::string started_at_;
  std::vector<std::int64_t> counters_;

  InputList inputs_;
  std::vector<std::string> file_names_;
  bool has_compressed_ = false;
  bool has_streams_ = false;
  std::vector<RecordFormat> formats_;  // By the job's inputs.
  SplitPlan plan_;
  std::vector<SplitGroup> groups_;
  std::unique_ptr<UserCode> job_;
  std::uint32_t part_count_ = 1;
  OutEnd out_end_ = OutEnd::newline;
  PartForm main_form_ = PartForm::bytes;
  std::optional<PairSchema> pair_schema_;  // Of an output in the format table or kv.
  std::optional<PairFormatter> formatter_;
  std::optional<Committer> committer_;   // Of an output that is a folder.
  std::optional<ScratchSpace> scratch_;  // Before all that has files in it.
  PackingTally packing_tally_;
  std::optional<PartStream> stream_;  // Of one that is the standard output.
  unsigned threads_ = 1;
  std::optional<LimitedExecutor> executor_;
  MemoryPlan memory_;
  ReaderOptions reading_;
  SpillCompression spill_compression_ = options_.spill_compression;
  std::vector<std::string> scratch_folders_;
  std::optional<MemoryBudget> input_budget_;
  std::optional<MemoryBudget> output_budget_;
  std::optional<MemoryBudget> coding_budget_;
  std::optional<InputReader> reader_;  // Before what pins its bytes.
  std::optional<PartSet> parts_;
  std::optional<PiecePlan> ranges_;  // That map_output_ keeps apart.
  std::unique_ptr<MapOutput> map_output_;
};

}  // namespace

Result<RunPlan> explain_job(const RunOptions& options, JobFactory& job,
                            const RunEnvironment& environment) {
  return JobRun(options, job, environment).explain();
}

Result<RunInfo> run_job(const RunOptions& options, JobFactory& job,
                        const RunEnvironment& environment) {
  return JobRun(options, job, environment).run();
}

}  // namespace mrun
