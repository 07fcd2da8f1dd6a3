// What a command is told of the folders for what does not fit in memory.
#pragma once

#include "base/result.hpp"
#include "cli/raw_options.hpp"
#include "model/run_options.hpp"

namespace mrun {

/// Code::output where one of `options.tmp_dirs` is not there or cannot be written to.
Result<void> check_tmp_dirs(const RawRun& raw, const RunOptions& options);

}  // namespace mrun
