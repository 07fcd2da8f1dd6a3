// MergeInputs: finished outputs that are to become one, and whether they may.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/stored_pieces.hpp"
#include "model/job_spec.hpp"
#include "output/manifest.hpp"

namespace mrun {

struct MergeInput {
  std::string output;
  Manifest manifest;
};

/// At least one output, each with pairs, and all of one job with the same parameters.
class MergeInputs {
 public:
  /// Reads the manifests. Code::usage where they are not of one job and one format, or hold text;
  /// else what read_manifest says.
  static Result<MergeInputs> read(std::span<const std::string> outputs);

  const std::string& job_name() const { return first().job_name; }
  const std::vector<std::pair<std::string, std::string>>& params() const { return first().params; }
  const PairSchema& schema() const { return *first().pairs; }

  /// Names of the files of all outputs, by the ordinals that they get.
  std::vector<std::string> file_names() const;
  /// Bytes of the input that the outputs were made of.
  std::uint64_t input_bytes() const;
  /// What the outputs hold, with the ordinals of files moved behind those of the outputs before.
  std::vector<StoredOutput> stored() const;

  /// Code::usage where the outputs are not of the job, or the job's outputs cannot be merged: it
  /// has a reduce of its own, a combiner that is not exact, side outputs, or no shuffle.
  Result<void> check(const JobSpec& spec) const;
  /// The manifest of a run over the inputs of all outputs, but for its parts and groups.
  Manifest manifest(const JobSpec& spec) const;

 private:
  const Manifest& first() const { return inputs_.front().manifest; }
  Result<void> check_same(const MergeInput& input) const;

  std::vector<MergeInput> inputs_;
};

}  // namespace mrun
