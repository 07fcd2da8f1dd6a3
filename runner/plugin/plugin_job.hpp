// PluginJob: a job of a loaded library as the engine calls it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/user_code.hpp"
#include "plugin/host.hpp"
#include "plugin/job_table.hpp"

namespace mrun {

/// The texts that the user gave each parameter, by declared index; empty: the default.
using ParamValues = std::vector<std::vector<std::string>>;

/// Runs one job of a library (see Plugin::job).
class PluginJob final : public JobFactory {
 public:
  /// `values` has one element per declared parameter. `file`: the library, for messages.
  PluginJob(JobTable declared, std::string file, ParamValues values, PluginLog log);

  const JobSpec& declared() const override { return declared_.spec; }
  Result<std::unique_ptr<UserCode>> configure(const JobConfig& config) override;

 private:
  JobTable declared_;
  std::string file_;
  ParamValues values_;
  PluginLog log_;
};

}  // namespace mrun
