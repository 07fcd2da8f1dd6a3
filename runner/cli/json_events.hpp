// The events of `--json`; JSON_EVENTS.md says what is in them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cli/progress_view.hpp"
#include "model/run_info.hpp"
#include "model/run_options.hpp"

namespace mrun {

std::string progress_event(const ProgressState& state);
/// `level`: "error", "warning", "note" or "detail".
std::string log_event(std::string_view level, std::string_view text);
std::string end_event(const RunInfo& info, const RunOptions& options, const std::string& job);
std::string error_event(const Error& error, int status);

}  // namespace mrun
