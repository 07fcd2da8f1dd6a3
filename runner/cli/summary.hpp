// What a finished run says of itself: the summary of a few lines, and the tables of --stats.
#pragma once

#include <string>

#include "model/run_info.hpp"
#include "model/run_options.hpp"

namespace mrun {

/// A few lines: what was read and written, how long it took, counters; and what a user should know
/// though all went well (fewer threads, skipped files).
std::string summary_text(const RunInfo& info, const RunOptions& options, const std::string& job);

/// --stats: one line a phase with time and peaks, then data, spill and memory.
std::string stats_text(const RunInfo& info, const RunOptions& options);

/// 1234567 as "1,234,567".
std::string count_text(std::uint64_t count);

}  // namespace mrun
