// PluginMapAttempt: one attempt of a map task over the C contract.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "model/user_code.hpp"
#include "plugin/emitter.hpp"
#include "plugin/worker.hpp"

namespace mrun {

class PluginMapAttempt final : public MapAttempt {
 public:
  /// `job`, `file_names` and what `context` refers to outlive the attempt.
  PluginMapAttempt(const JobTable& job, const AttemptContext& context, std::uint64_t task,
                   std::span<const std::string> file_names);

  /// Makes the job's worker; before all else.
  Result<void> open(void* job_object);

  Result<void> map(const RecordBatch& batch) override;
  Result<void> finish() override;
  std::uint64_t emitted_pairs() const override { return emitter_ ? emitter_->taken_pairs() : 0; }

 private:
  std::string place(const RecordBatch& batch) const;

  Worker worker_;
  std::optional<Emitter> emitter_;  ///< None where the job maps only.
  std::span<const std::string> file_names_;
  const std::uint8_t* const& at_;
  bool offer_refs_ = true;
};

}  // namespace mrun
