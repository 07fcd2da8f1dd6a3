// Events of `--json`: a JSON object a line, on the standard error stream.
//
// Every event has "event". Sizes are in bytes, times in seconds. Fields may be added.
//   {"event":"progress","phase":"map","done":N,"total":N,"seconds":S,"memory_bytes":N,
//    "spilled_bytes":N}                 once a second; done and total are bytes mapped or pieces
//                                       reduced, a total of 0 is not known
//   {"event":"end","job":"…","output":"…","seconds":S,"threads":N,"peak_memory_bytes":N,
//    "input":{"files":N,"bytes":N,"records":N,"skipped_files":N,"excluded_files":N,"splits":N},
//    "emitted_pairs":N,"groups":N,
//    "spill":{"runs":N,"bytes":N,"merge_passes":N},
//    "output_files":{"count":N,"bytes":N,"records":N,"largest_part_bytes":N},
//    "counters":{"name":N,…},"phases":[{"name":"…","seconds":S,"cpu_seconds":S},…],
//    "warning":"…"}                     once, where the run has succeeded
//   {"event":"error","status":N,"message":"…","hint":"…"}   once, where it has not
#pragma once

#include <string>

#include "base/result.hpp"
#include "cli/progress_view.hpp"
#include "model/run_info.hpp"
#include "model/run_options.hpp"

namespace mrun {

std::string progress_event(const ProgressState& state);
std::string end_event(const RunInfo& info, const RunOptions& options, const std::string& job);
std::string error_event(const Error& error, int status);

}  // namespace mrun
