// run_record_text: `_mrun/run.json`, which says when, where and how a run went.
#pragma once

#include <string>

#include "model/run_info.hpp"
#include "model/run_options.hpp"

namespace mrun {

/// JSON with the options as resolved, times, counts and peaks. `started_at`: a date and time in
/// words of the caller's choice; `host`: the machine's name.
std::string run_record_text(const RunInfo& info, const RunOptions& options, const std::string& host,
                            const std::string& started_at);

}  // namespace mrun
