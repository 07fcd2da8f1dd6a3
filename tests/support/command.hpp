// run_command: runs a program as a user would, and says how it ended, what it printed and what it
// cost.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mrun::test_support {

/// How a finished process ended.
struct CommandResult {
  int exit_status = -1;  ///< -1 where a signal ended it.
  int signal = 0;        ///< 0 where it exited by itself.
  bool timed_out = false;
  std::string out;
  std::string err;
  double seconds = 0;
  double seconds_after_signal = 0;  ///< From the signal of `signal_after` to the end; else 0.
  std::uint64_t peak_anonymous_bytes = 0;  ///< Only with `measure_memory`; sampled.

  bool ok() const { return exit_status == 0; }
};

struct CommandOptions {
  std::string folder;                     ///< Working folder; empty: this process's.
  std::optional<std::string> stdin_pipe;  ///< Written into a pipe; none: /dev/null.
  std::string stdin_file;                 ///< Becomes the standard input.
  std::vector<std::string> environment;   ///< "NAME=value", added.
  bool obeys_permissions = false;         ///< As root: file permissions hold all the same.
  bool measure_memory = false;
  int signal = 0;  ///< Sent once, `signal_after` the start.
  std::chrono::microseconds signal_after{0};
  std::chrono::seconds timeout{120};  ///< Then SIGKILL and `timed_out`.
};

/// Runs `command` (a path and its arguments) to its end. Throws std::runtime_error where it cannot
/// be started.
CommandResult run_command(const std::vector<std::string>& command,
                          const CommandOptions& options = {});

/// Runs the mrun under test.
CommandResult run_mrun(std::vector<std::string> arguments, const CommandOptions& options = {});

/// Path of the mrun under test.
std::string mrun_path();
/// Path of a test job of tests/plugins.
std::string test_job(const std::string& name);
/// Path of a job that is shipped.
std::string shipped_job(const std::string& name);
/// Root of the source tree.
std::string source_folder();

/// One line for a failed assertion: the command and how it ended.
std::string describe(const std::vector<std::string>& arguments, const CommandResult& result);

/// True in a build under a sanitizer, whose own memory and slowness are not the product's.
bool under_sanitizer();

}  // namespace mrun::test_support
