#include "engine/run_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mrun {
namespace {

std::vector<ManifestInput> manifest_inputs(const RunOptions& options, const InputList& list) {
  std::vector<ManifestInput> inputs;
  for (const InputArgument& argument : options.inputs) inputs.push_back({argument.text, 0, 0});
  for (const InputFile& file : list.files) {
    ++inputs[file.argument].files;
    inputs[file.argument].size_bytes += file.identity.size_bytes;
  }
  return inputs;
}

void add_part(RunInfo& info, const PartInfo& part) {
  if (part.side_output.empty()) {
    ++info.output_parts;
    info.output_bytes += part.size_bytes;
    info.output_records += part.records;
    info.largest_part_bytes = std::max(info.largest_part_bytes, part.size_bytes);
    return;
  }
  if (info.side_outputs.empty() || info.side_outputs.back().name != part.side_output)
    info.side_outputs.push_back({part.side_output});
  SideOutputInfo& side = info.side_outputs.back();
  ++side.files;
  side.bytes += part.size_bytes;
  side.records += part.records;
}

}  // namespace

void add_totals(RunInfo& info, std::span<const PartInfo> parts) {
  for (const PartInfo& part : parts) add_part(info, part);
  if (info.output_parts > 1 && info.output_bytes > 0)
    info.part_skew = static_cast<double>(info.largest_part_bytes) *
                     static_cast<double>(info.output_parts) /
                     static_cast<double>(info.output_bytes);
}

Result<void> check_totals(const RunInfo& info, const JobSpec& spec,
                          std::optional<std::uint64_t> text_bytes) {
  if (text_bytes && info.input_bytes != *text_bytes) {
    return fail(Code::integrity,
                fmt::format("{} bytes of input were mapped, and the files hold {}",
                            info.input_bytes, *text_bytes),
                "this is a bug in mrun; no output was made");
  }
  const bool pair_is_record =
      !spec.map_only && !spec.has_reduce && spec.combine == CombineKind::none;
  if (pair_is_record && info.output_records != info.emitted_pairs) {
    return fail(Code::integrity,
                fmt::format("{} pairs were emitted, and {} were written", info.emitted_pairs,
                            info.output_records),
                "this is a bug in mrun; no output was made");
  }
  return {};
}

Manifest manifest_of(const RunOptions& options, const JobSpec& spec, const InputList& inputs,
                     const RunInfo& info, std::vector<PartInfo> parts) {
  Manifest manifest;
  manifest.parts = std::move(parts);
  manifest.mrun_version = MRUN_VERSION;
  manifest.job_name = spec.name;
  manifest.job_version = spec.version;
  manifest.params = options.params;
  manifest.inputs = manifest_inputs(options, inputs);
  manifest.counters = info.counters;
  manifest.input_records = info.input_records;
  manifest.emitted_pairs = info.emitted_pairs;
  manifest.groups = info.groups;
  return manifest;
}

}  // namespace mrun
