// The process: its arguments, its standard streams, and the last fence for what should never throw.
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "cli/command_line.hpp"
#include "cli/exit_status.hpp"
#include "cli/job_finder.hpp"
#include "os/crash_report.hpp"
#include "os/standard_output.hpp"
#include "os/stop_signals.hpp"

namespace {

int run(int count, char** words) {
  const std::vector<std::string> arguments(words + (count > 0 ? 1 : 0), words + count);
  const mrun::Console console = mrun::standard_console();
  const auto job_folder = mrun::shipped_job_folder();
  const mrun::Ending ending =
      mrun::run_main(arguments, job_folder ? *job_folder : std::string(), console);
  mrun::end_crash_reports();
  if (ending.signal != 0) mrun::die_by_signal(ending.signal);
  return ending.status;
}

int report(const char* what, mrun::ExitStatus status) {
  std::fprintf(stderr, "mrun: error: %s\n", what);
  return static_cast<int>(status);
}

}  // namespace

int main(int count, char** words) {
  mrun::hold_standard_descriptors();
  mrun::ignore_signals_of_writes();
  mrun::report_crashes(static_cast<int>(mrun::ExitStatus::plugin));
  try {
    return run(count, words);
  } catch (const std::bad_alloc&) {
    return report("out of memory\n  hint: give less with --memory, or use fewer --threads",
                  mrun::ExitStatus::limit);
  } catch (const std::exception& exception) {
    return report((std::string("a mistake in mrun itself: ") + exception.what()).c_str(),
                  mrun::ExitStatus::integrity);
  }
}
