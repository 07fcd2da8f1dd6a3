// The commands. Each takes what was typed and says how it ended; errors are printed by the caller.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/stop_flag.hpp"
#include "cli/console.hpp"
#include "cli/exit_status.hpp"
#include "cli/raw_options.hpp"

namespace mrun {

/// What every command works with. All outlive the command.
struct CommandContext {
  const Console& console;
  StopFlag& stop;
  std::string job_folder;  ///< Of the jobs that come with mrun.
};

/// Runs a job: load, check, run, report.
Result<void> run_command(RawRun raw, const CommandContext& context);
/// Prints what a job declares, without running it.
Result<void> info_command(const RawInfo& raw, const CommandContext& context);
/// Compares an output with its manifest.
Result<void> verify_command(const RawVerify& raw, const CommandContext& context);
/// Prints an output's parts.
Result<void> cat_command(const RawCat& raw, const CommandContext& context);
/// Prints the records of some keys: ExitStatus::not_found where one of them has none.
Result<ExitStatus> get_command(const RawGet& raw, const CommandContext& context);
/// Merges outputs of one job into a new one.
Result<void> merge_command(const RawMerge& raw, const CommandContext& context);
/// Prints, or counts, the records of a range of keys.
Result<void> scan_command(const RawScan& raw, const CommandContext& context);

}  // namespace mrun
