// What a command is told of the folders for what does not fit in memory.
#pragma once

#include <string>

#include "base/result.hpp"
#include "cli/command_parser.hpp"
#include "cli/raw_options.hpp"
#include "model/run_options.hpp"

namespace mrun {

/// Declares --tmp-limit and --compress-spill, which follow a command's own --tmp-dir. `work`: what
/// the command does, "run".
void declare_scratch(CommandParser& parser, RawRun& raw, const std::string& work,
                     const std::string& group);

/// Code::output where one of `options.tmp_dirs` is not there or cannot be written to.
Result<void> check_tmp_dirs(const RawRun& raw, const RunOptions& options);

}  // namespace mrun
