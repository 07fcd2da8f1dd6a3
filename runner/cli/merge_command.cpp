// `mrun merge`: from names of outputs to a committed one, as one recipe.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/commands.hpp"
#include "cli/job_finder.hpp"
#include "cli/option_values.hpp"
#include "cli/params.hpp"
#include "cli/resolve.hpp"
#include "cli/summary.hpp"
#include "cli/tmp_dirs.hpp"
#include "engine/memory_plan.hpp"
#include "engine/output_merger.hpp"
#include "engine/tbb_executor.hpp"
#include "os/machine.hpp"
#include "os/storage.hpp"

namespace mrun {
namespace {

/// The parameters that the outputs were made with, as the job takes them.
Result<JobParams> params_of(const MergeInputs& inputs, const JobSpec& spec) {
  std::vector<std::string> definitions;
  for (const auto& [name, value] : inputs.params()) definitions.push_back(name + "=" + value);
  Result<JobParams> params = check_params(definitions, spec);
  if (params) return params;
  Error error = std::move(params).error();
  error.message = fmt::format(
      "job '{}' does not take the parameters that the outputs were made "
      "with: {}",
      spec.name, error.message);
  return Failure{std::move(error)};
}

Result<void> check_compression(const RawRun& run, const RunOptions& options) {
  if (options.output_format == OutputFormat::kv && options.compression != Compression::none)
    return fail(Code::usage, "parts of the format 'kv' are not compressed",
                "leave out " + run.name_of("--compress"));
  if (options.block_compression == Compression::gzip)
    return bad_option(run.name_of("--compress"), *run.compress, "lz4, zstd or none");
  return {};
}

}  // namespace

Result<void> merge_command(const RawMerge& raw, const CommandContext& context) {
  const RawRun& run = raw.run;
  const Console& console = context.console;
  if (run.output == "-")
    return fail(Code::usage, "a merge makes a folder, and '-' is none", "name a new folder");
  MRUN_TRY_ASSIGN(RunOptions options, resolve_output(run, read_machine()));
  MRUN_TRY_ASSIGN(const MergeInputs inputs, MergeInputs::read(run.inputs));
  options.output_format = inputs.schema().format;
  MRUN_TRY(check_compression(run, options));
  MRUN_TRY(check_tmp_dirs(run, options));
  MRUN_TRY_ASSIGN(const FoundJob found,
                  find_job(run.job, context.job_folder, [&](int level, std::string_view text) {
                    if (level <= 1) print_note(console, "job", text);
                  }));
  const JobSpec& spec = found.plugin.spec(found.index);
  MRUN_TRY_ASSIGN(JobParams params, params_of(inputs, spec));
  options.params = inputs.params();
  for (const std::string& output : run.inputs) options.inputs.push_back({output, output, 0});

  const std::unique_ptr<JobFactory> job = found.plugin.job(found.index, std::move(params.values));
  const std::unique_ptr<Storage> storage = make_disk_storage();
  raise_open_file_limit();
  TbbExecutor executor(threads_for_descriptors(
      raise_open_file_limit(), threads_for_memory(options.memory_bytes, options.threads),
      std::max<std::size_t>(1, options.tmp_dirs.size()), 1));
  Progress progress;
  const RunEnvironment environment{*storage, executor, progress, context.stop, {}};
  MRUN_TRY_ASSIGN(const RunInfo info, merge_outputs(inputs, options, *job, environment));
  if (!run.quiet) console.err(summary_text(info, options, spec.name));
  if (run.stats) console.err("\n" + stats_text(info, options));
  return {};
}

}  // namespace mrun
