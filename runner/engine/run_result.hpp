// What a run says of its output: the totals of its parts, and the manifest.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "input/input_list.hpp"
#include "model/job_spec.hpp"
#include "model/run_info.hpp"
#include "model/run_options.hpp"
#include "output/manifest.hpp"

namespace mrun {

/// Adds files, bytes and records of the main output and of each side output, and how even the main
/// one's parts are. The files of a side output stand together.
void add_totals(RunInfo& info, std::span<const PartInfo> parts);

/// Code::integrity unless every byte of `text_bytes`, if they are known, was mapped once, and,
/// where each pair is a record, each was written once. `info` has its totals.
Result<void> check_totals(const RunInfo& info, const JobSpec& spec,
                          std::optional<std::uint64_t> text_bytes);

/// What of a finished run depends on its input, job and parameters alone. `info` is complete but
/// for its times.
Manifest manifest_of(const RunOptions& options, const JobSpec& spec, const InputList& inputs,
                     const RunInfo& info, std::vector<PartInfo> parts);

}  // namespace mrun
