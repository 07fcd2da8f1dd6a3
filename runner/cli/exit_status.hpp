// Exit statuses: the one table of what the command's end means to scripts.
#pragma once

#include "base/result.hpp"

namespace mrun {

/// 128 + n, not listed here: ended by signal n.
enum class ExitStatus : int {
  done = 0,
  job_failed = 1,  ///< The job said no.
  not_found = 1,   ///< A key that was asked for is not there.
  usage = 2,       ///< Options, parameters, a memory budget below the minimum.
  set_aside = 3,   ///< Done, with records or inputs set aside.
  input = 4,       ///< Missing, unreadable, malformed or changed.
  output = 5,      ///< Exists, overlaps the input, or the disk failed or is full.
  limit = 6,       ///< Memory or another limit.
  plugin = 7,      ///< The job's library: refused, missing, threw, broke the contract.
  integrity = 8,   ///< A check of mrun's own does not hold.
  cluster = 9,
  stopped = 75,  ///< Without a signal; can be resumed with the same command.
};

constexpr int kSignalStatusBase = 128;

constexpr ExitStatus exit_status(Code code) {
  switch (code) {
    case Code::job_failed:
      return ExitStatus::job_failed;
    case Code::usage:
      return ExitStatus::usage;
    case Code::input:
      return ExitStatus::input;
    case Code::output:
      return ExitStatus::output;
    case Code::limit:
      return ExitStatus::limit;
    case Code::plugin:
      return ExitStatus::plugin;
    case Code::integrity:
      return ExitStatus::integrity;
    case Code::cancelled:
      return ExitStatus::stopped;
  }
  return ExitStatus::integrity;
}

}  // namespace mrun
