// JobTable: a job's C descriptor, checked and copied once, and the same in the runner's own terms.
#pragma once

#include <mrun/plugin.h>

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/job_spec.hpp"

namespace mrun {

/// A job as its library declares it. Whatever the size its writer compiled, every field of `calls`
/// may be read: what the writer did not know is zero.
struct JobTable {
  mrun_job calls{};
  using Map = mrun_status (*)(void* worker, const mrun_batch*);
  std::vector<Map> maps;  ///< Of each of spec.inputs.
  JobSpec spec;

  /// Bytes that every emitted value must have; kAnySize where they may differ.
  std::size_t value_bytes = kAnySize;
  static constexpr std::size_t kAnySize = SIZE_MAX;
};

/// A library as its mrun_plugin_v1 describes it.
struct PluginTable {
  std::string name;
  std::string version;
  std::string built_with;
  std::vector<JobTable> jobs;  ///< At least one.
};

/// Reads and checks all that hangs on `plugin`. `file` names the library in messages. Code::plugin
/// says which field breaks the contract, or that the library needs a newer mrun.
Result<PluginTable> read_plugin_table(const mrun_plugin* plugin, const std::string& file);

/// The job after its `shape` has changed `copy`: what the contract lets it change is taken from
/// there, all else from `declared`. Code::plugin as above; Code::usage for a state that parameters
/// made too wide.
Result<JobTable> read_shaped_job(const JobTable& declared, const mrun_job& copy,
                                 const std::string& file);

}  // namespace mrun
