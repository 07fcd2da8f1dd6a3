// verify_output and cat_output: a finished output read back, against its manifest.
//
// Both report Code::input where the path is no finished output of mrun, and Code::integrity where
// it is not what its manifest says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "base/stop_flag.hpp"

namespace mrun {

/// "out/" as "out", so that its files are told as "out/part-00000".
std::string without_slashes(std::string output);

struct VerifyReport {
  std::uint64_t files = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t records = 0;
};

/// Reads every file of the output and compares it with the manifest. The error is the first
/// difference in the manifest's order: a missing file, its size, its digest; then files that the
/// manifest does not know. A stop is Code::cancelled.
Result<VerifyReport> verify_output(const std::string& output, const StopFlag& stop);

/// Hands the bytes of the main parts, or of the side output `side` where that is not empty, to
/// `write` in order, in pieces of at most 1 MiB. Of a table or kv output that is the text that the
/// job would have written. A part that is not what the manifest says is an
/// error after its bytes were handed over; a side output that the output does not have is
/// Code::usage.
Result<void> cat_output(const std::string& output, const std::string& side, const StopFlag& stop,
                        const std::function<Result<void>(std::span<const std::byte>)>& write);

}  // namespace mrun
