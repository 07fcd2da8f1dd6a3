// Plugin: a library of jobs, judged, loaded and described.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "plugin/host.hpp"
#include "plugin/job_table.hpp"
#include "plugin/plugin_job.hpp"

namespace mrun {

/// Outlives its jobs. The library itself stays loaded until the process ends.
class Plugin {
 public:
  /// Judges the file's bytes, loads it and reads what it declares. None of its code runs before it
  /// is known to be a job for this machine and this contract. A path without '/' is in the current
  /// folder. Errors are Code::plugin and name `path`. `log` takes what its jobs log.
  static Result<Plugin> load(const std::string& path, PluginLog log);

  /// All of its jobs; at least one.
  std::size_t job_count() const { return table_.jobs.size(); }
  const JobSpec& spec(std::size_t job) const { return table_.jobs[job].spec; }

  /// A job with its parameters: `values` has one element per declared parameter, by index.
  std::unique_ptr<JobFactory> job(std::size_t index, ParamValues values) const;

  /// The file that was loaded, links followed.
  const std::string& real_path() const { return real_path_; }

 private:
  Plugin(std::string path, std::string real_path, PluginTable table, std::unique_ptr<Host> host,
         PluginLog log)
      : path_(std::move(path)),
        real_path_(std::move(real_path)),
        table_(std::move(table)),
        host_(std::move(host)),
        log_(std::move(log)) {}

  std::string path_;
  std::string real_path_;
  PluginTable table_;
  std::unique_ptr<Host> host_;  ///< What mrun_plugin_v1 saw; the library may have kept it.
  PluginLog log_;
};

}  // namespace mrun
