// The standard streams: writing results to stdout, and what kind of terminal messages go to.
#pragma once

#include <cstddef>
#include <span>

#include "base/result.hpp"
#include "base/stop_flag.hpp"

namespace mrun {

/// Writes all bytes to the standard output. False where the reader has gone (EPIPE): then stop
/// quietly. Any other failure is Code::output. Needs ignore_signals_of_writes().
Result<bool> write_standard_output(std::span<const std::byte> bytes);
/// The same for a thread that no signal interrupts: looks at `stop` ten times a second while a slow
/// reader lets it wait.
Result<bool> write_standard_output(std::span<const std::byte> bytes, const StopFlag& stop);

/// Makes writing to a closed pipe, or beyond the limit of file sizes, an error of the write instead
/// of the death of the process.
void ignore_signals_of_writes();
/// Keeps 0, 1 and 2 from becoming files of ours where the caller closed them: what a job prints
/// would land in them. Before any file is opened.
void hold_standard_descriptors();

/// Whether the standard error stream is a terminal, and its width (80 where that is unknown).
bool stderr_is_terminal();
unsigned stderr_columns();

}  // namespace mrun
