// run_main: the whole command, from its arguments to how the process has to end.
#pragma once

#include <span>
#include <string>

#include "cli/console.hpp"

namespace mrun {

/// How the process ends: by this status, or, where `signal` is not 0, by that signal.
struct Ending {
  int status = 0;
  int signal = 0;
};

/// `arguments`: without the program's name. `job_folder`: of the jobs that come with mrun. While it
/// runs, INT, TERM and HUP stop it cleanly.
Ending run_main(std::span<const std::string> arguments, const std::string& job_folder,
                const Console& console);

}  // namespace mrun
