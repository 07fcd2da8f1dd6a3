// Chooses the command, and turns its result into messages and an exit status.
#include "cli/command_line.hpp"

#include <variant>

#include "base/stop_flag.hpp"
#include "cli/commands.hpp"
#include "cli/exit_status.hpp"
#include "cli/json_events.hpp"
#include "cli/option_values.hpp"
#include "cli/raw_options.hpp"
#include "os/stop_signals.hpp"

namespace mrun {
namespace {

Result<void> run_other(const RawCommand& command, const CommandContext& context) {
  if (const auto* run = std::get_if<RawRun>(&command)) return run_command(*run, context);
  if (const auto* info = std::get_if<RawInfo>(&command)) return info_command(*info, context);
  if (const auto* verify = std::get_if<RawVerify>(&command))
    return verify_command(*verify, context);
  if (const auto* cat = std::get_if<RawCat>(&command)) return cat_command(*cat, context);
  if (const auto* merge = std::get_if<RawMerge>(&command)) return merge_command(*merge, context);
  if (const auto* scan = std::get_if<RawScan>(&command)) return scan_command(*scan, context);
  return print_text(context.console, std::get<RawText>(command).text);
}

/// How the command ended where it did not fail.
Result<ExitStatus> run_one(const RawCommand& command, const CommandContext& context) {
  if (const auto* get = std::get_if<RawGet>(&command)) return get_command(*get, context);
  MRUN_TRY(run_other(command, context));
  return ExitStatus::done;
}

Ending end_with(const Error& error, const StopFlag& stop, const Console& console, bool json) {
  // Who stopped the command knows why, and needs no message.
  if (error.code == Code::cancelled && stop.reason() > 0)
    return {kSignalStatusBase + stop.reason(), stop.reason()};
  const int status = static_cast<int>(exit_status(error.code));
  if (json)
    console.err(error_event(error, status));
  else
    print_error(console, error);
  return {status, 0};
}

}  // namespace

Ending run_main(std::span<const std::string> arguments, const std::string& job_folder,
                const Console& console) {
  StopFlag stop;
  const StopSignals signals(stop);
  Result<RawCommand> command = parse_arguments(arguments);
  if (!command) return end_with(command.error(), stop, console, false);
  const auto* const run = std::get_if<RawRun>(&*command);
  Console chosen = console;
  if (run != nullptr && run->color) {
    Result<bool> color =
        parse_choice<bool>(run->name_of("--color"), *run->color,
                           {{"auto", console.err_has_color}, {"always", true}, {"never", false}});
    if (!color) return end_with(color.error(), stop, console, run->json);
    chosen.err_has_color = *color;
  }
  const Result<ExitStatus> ended = run_one(*command, {chosen, stop, job_folder});
  if (!ended) return end_with(ended.error(), stop, chosen, run != nullptr && run->json);
  return {static_cast<int>(*ended), 0};
}

}  // namespace mrun
