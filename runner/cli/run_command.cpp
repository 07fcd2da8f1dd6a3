// `mrun run`: from a name to a committed output, as one recipe.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/size_text.hpp"
#include "cli/commands.hpp"
#include "cli/input_arguments.hpp"
#include "cli/job_finder.hpp"
#include "cli/json_events.hpp"
#include "cli/params.hpp"
#include "cli/plan_text.hpp"
#include "cli/progress_view.hpp"
#include "cli/resolve.hpp"
#include "cli/summary.hpp"
#include "cli/tmp_dirs.hpp"
#include "engine/job_runner.hpp"
#include "engine/memory_plan.hpp"
#include "engine/tbb_executor.hpp"
#include "os/machine.hpp"
#include "os/standard_output.hpp"
#include "os/storage.hpp"

namespace mrun {
namespace {

/// What of a job's log is shown: errors always, details only where asked for.
PluginLog job_log(const RawRun& raw, const Console& console) {
  const int most = raw.quiet ? 0 : raw.verbose ? 3 : 2;
  return [most, json = raw.json, &console](int level, std::string_view text) {
    constexpr std::string_view kLevels[] = {"error", "warning", "note", "detail"};
    if (level > most) return;
    if (json)
      console.err(log_event(kLevels[level], text));
    else
      print_note(console, fmt::format("job {}", kLevels[level]), text);
  };
}

void print_settings(const RunOptions& options, const Plugin& plugin, const Console& console) {
  print_note(console, "job", plugin.real_path());
  print_note(
      console, "settings",
      fmt::format("{} threads, {} of memory, partitions {}, spill {}", options.threads,
                  size_text(options.memory_bytes),
                  options.partitions ? fmt::format("{}", *options.partitions) : "by size",
                  options.tmp_dirs.empty() ? "beside the output"
                                           : fmt::format("{}", fmt::join(options.tmp_dirs, " "))));
}

}  // namespace

Result<void> run_command(RawRun raw, const CommandContext& context) {
  const Console& console = context.console;
  // The job's code is loaded, but nothing of it has run except its declarations.
  MRUN_TRY_ASSIGN(const FoundJob found,
                  find_job(raw.job, context.job_folder, job_log(raw, console)));
  const JobSpec& spec = found.plugin.spec(found.index);
  MRUN_TRY_ASSIGN(JobParams params, check_params(raw.params, spec));
  MRUN_TRY(add_listed_inputs(raw, context.stop));
  MRUN_TRY_ASSIGN(RunOptions options, resolve(raw, spec, read_machine()));
  options.params = std::move(params.given);
  MRUN_TRY(check_tmp_dirs(raw, options));
  MRUN_TRY_ASSIGN(ProgressMode mode, parse_progress_mode(raw.name_of("--progress"),
                                                         raw.progress.value_or("auto"), console));
  if (raw.json) mode = ProgressMode::json;
  if (raw.quiet) mode = ProgressMode::none;
  if (raw.verbose && !raw.json) print_settings(options, found.plugin, console);

  // All that was typed is understood; from here on it is the engine's.
  const std::unique_ptr<JobFactory> job = found.plugin.job(found.index, std::move(params.values));
  const std::unique_ptr<Storage> storage = make_disk_storage();
  const unsigned threads = threads_for_descriptors(
      raise_open_file_limit(), threads_for_memory(options.memory_bytes, options.threads),
      std::max<std::size_t>(1, options.tmp_dirs.size()), 1 + spec.side_outputs.size());
  TbbExecutor executor(threads);
  Progress progress;
  bool reader_gone = false;
  const auto write_out = [&](std::span<const std::byte> bytes) -> Result<bool> {
    MRUN_TRY_ASSIGN(const bool has_reader, write_standard_output(bytes, context.stop));
    reader_gone = reader_gone || !has_reader;
    return has_reader;
  };
  const auto warn = [&](const std::string& text) {
    if (raw.quiet) return;
    if (raw.json)
      console.err(log_event("warning", text));
    else
      print_note(console, "warning", text);
  };
  const RunEnvironment environment{*storage, executor, progress, context.stop, write_out, warn};
  if (raw.explain) {
    MRUN_TRY_ASSIGN(const RunPlan plan, explain_job(options, *job, environment));
    return print_text(console, plan_text(plan, spec));
  }
  Result<RunInfo> ran = [&] {
    const ProgressView view(progress, console, mode);
    return run_job(options, *job, environment);
  }();
  if (!ran) {
    // `mrun sort words - | head` is how the first lines are looked at.
    if (reader_gone) return {};
    return Failure{std::move(ran).error()};
  }
  ran->threads_refused = executor.width() < threads;

  if (raw.json && raw.quiet) return {};
  if (raw.json) {
    console.err(end_event(*ran, options, spec.name));
    return {};
  }
  if (!raw.quiet) console.err(summary_text(*ran, options, spec.name));
  if (raw.stats) console.err("\n" + stats_text(*ran, options));
  return {};
}

}  // namespace mrun
