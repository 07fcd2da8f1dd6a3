// find_job: from the JOB of a command line to a loaded job.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.hpp"
#include "plugin/plugin_loader.hpp"

namespace mrun {

struct FoundJob {
  Plugin plugin;
  std::size_t index = 0;  ///< Of the job in its library.
};

/// "LIBRARY.so:JOB" taken apart, unless a file has that very name.
struct JobName {
  std::string library;
  std::string job;  ///< Empty: the library's only one.
};
JobName split_job_name(const std::string& text);

/// The folder of the jobs that come with mrun: ../lib/mrun beside the running executable.
Result<std::string> shipped_job_folder();

/// The library that `job` names: a path with '/' as it stands; NAME.so in the current folder, then
/// in `folder`; NAME as `folder`/NAME.so. Never any other folder. Code::plugin where there is none.
Result<std::string> find_library(const std::string& job, const std::string& folder);

/// Finds and loads. A library of several jobs takes LIBRARY.so:JOB.
Result<FoundJob> find_job(const std::string& job, const std::string& folder, PluginLog log);

}  // namespace mrun
