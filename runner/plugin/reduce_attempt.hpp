// PluginReduceAttempt: one attempt of a reduce task over the C contract.
#pragma once

#include "model/user_code.hpp"
#include "plugin/worker.hpp"

namespace mrun {

class PluginReduceAttempt final : public ReduceAttempt {
 public:
  /// `job` and what `context` refers to outlive the attempt.
  PluginReduceAttempt(const JobTable& job, const AttemptContext& context, std::uint64_t task);

  /// Makes the job's worker; before all else.
  Result<void> open(void* job_object);

  Result<void> reduce(Slice key, std::span<const Slice> first_values, GroupValues& values) override;
  Result<void> finish() override;

 private:
  /// What the job sees, and the way back from it.
  struct Group : mrun_group {
    PluginReduceAttempt* attempt = nullptr;
    GroupValues* source = nullptr;
  };

  static mrun_status more(mrun_group* group);
  void fill(Group& group, std::span<const Slice> values) const;

  Worker worker_;
};

}  // namespace mrun
