#include "engine/merge_inputs.hpp"

#include <fmt/format.h>

#include <utility>

#include "output/output_reader.hpp"

namespace mrun {
namespace {

constexpr char kRunInstead[] = "run the job over all the inputs instead";

/// What must be equal for pairs to be merged. The names of files are each output's own.
std::string type_text(PairSchema schema) {
  schema.file_names.clear();
  return pair_schema_text(schema);
}

Failure refuse(std::string message, std::string hint = kRunInstead) {
  return fail(Code::usage, std::move(message), std::move(hint));
}

}  // namespace

Result<MergeInputs> MergeInputs::read(std::span<const std::string> outputs) {
  MergeInputs read;
  for (const std::string& name : outputs) {
    const std::string output = without_slashes(name);
    MRUN_TRY_ASSIGN(Manifest manifest, read_manifest(output));
    if (!manifest.pairs)
      return refuse(fmt::format("'{}' holds text, which cannot be merged", output),
                    "run its job again with --output-format table or kv");
    read.inputs_.push_back({output, std::move(manifest)});
    MRUN_TRY(read.check_same(read.inputs_.back()));
  }
  return read;
}

Result<void> MergeInputs::check_same(const MergeInput& input) const {
  const auto differ = [&](const char* what) {
    return refuse(fmt::format("'{}' and '{}' {}, and only outputs of one job with the same "
                              "parameters can be merged",
                              inputs_.front().output, input.output, what),
                  "");
  };
  const Manifest& manifest = input.manifest;
  if (manifest.job_name != first().job_name) return differ("are of different jobs");
  if (manifest.job_version != first().job_version)
    return differ("are of different versions of their job");
  if (manifest.params != first().params) return differ("were made with different parameters");
  if (manifest.pairs->format != schema().format) return differ("have different formats");
  if (type_text(*manifest.pairs) != type_text(schema()))
    return differ("have different types of keys or values");
  return {};
}

std::vector<std::string> MergeInputs::file_names() const {
  std::vector<std::string> names;
  for (const MergeInput& input : inputs_) {
    const std::vector<std::string>& more = input.manifest.pairs->file_names;
    names.insert(names.end(), more.begin(), more.end());
  }
  return names;
}

std::uint64_t MergeInputs::input_bytes() const {
  std::uint64_t bytes = 0;
  for (const MergeInput& input : inputs_)
    for (const ManifestInput& one : input.manifest.inputs) bytes += one.size_bytes;
  return bytes;
}

std::vector<StoredOutput> MergeInputs::stored() const {
  std::vector<StoredOutput> outputs;
  std::size_t files = 0;
  for (const MergeInput& input : inputs_) {
    StoredOutput stored;
    for (const PartInfo& part : input.manifest.parts) {
      if (!part.side_output.empty()) continue;
      stored.parts.push_back(
          {{input.output + "/" + part.name, schema().format, part.records, part.size_bytes,
            static_cast<std::uint32_t>(outputs.size()), static_cast<std::uint32_t>(files)},
           part.keys});
    }
    files += input.manifest.pairs->file_names.size();
    outputs.push_back(std::move(stored));
  }
  return outputs;
}

Result<void> MergeInputs::check(const JobSpec& spec) const {
  if (spec.name != job_name() || spec.version != first().job_version)
    return refuse(
        fmt::format("'{}' is of job '{}'{}, and --job names '{}'{}", inputs_.front().output,
                    job_name(), first().job_version.empty() ? "" : " " + first().job_version,
                    spec.name, spec.version.empty() ? "" : " " + spec.version),
        "name the job that made the outputs");
  const char* const why =
      spec.map_only                ? "writes what its map makes, in no order"
      : spec.has_reduce            ? "has a reduce of its own"
      : !spec.side_outputs.empty() ? "writes side outputs"
      : spec.folds() && !spec.folds_exactly()
          ? "has a combiner whose result depends on the order in which values meet"
          : nullptr;
  if (why != nullptr)
    return refuse(fmt::format("job '{}' {}: its outputs cannot be merged", spec.name, why));
  PairSchema now = pair_schema(schema().format, spec, {});
  now.out_kind = schema().out_kind;
  now.out_end = schema().out_end;
  now.part_rule = schema().part_rule;
  if (type_text(now) != type_text(schema()))
    return refuse(fmt::format("job '{}' has other types of keys or values, or another combiner, "
                              "than when it made '{}'",
                              spec.name, inputs_.front().output),
                  "use the build of the job that made the outputs");
  return {};
}

Manifest MergeInputs::manifest(const JobSpec& spec) const {
  Manifest merged;
  merged.mrun_version = MRUN_VERSION;
  merged.job_name = first().job_name;
  merged.job_version = first().job_version;
  merged.params = first().params;
  for (const MergeInput& input : inputs_) {
    const Manifest& one = input.manifest;
    merged.inputs.insert(merged.inputs.end(), one.inputs.begin(), one.inputs.end());
    merged.input_records += one.input_records;
    merged.emitted_pairs += one.emitted_pairs;
    for (std::size_t i = 0; i < one.counters.size(); ++i) {
      if (i == merged.counters.size()) merged.counters.push_back({one.counters[i].name, 0});
      merged.counters[i].value += one.counters[i].value;
    }
  }
  JobSpec written = spec;
  written.out_kind = schema().out_kind;
  written.out_end = schema().out_end;
  merged.pairs = pair_schema(schema().format, written, file_names());
  return merged;
}

}  // namespace mrun
