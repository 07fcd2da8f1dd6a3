// Writes `_mrun/run.json`.
#include "output/run_record.hpp"

#include <fmt/format.h>

#include "output/json_text.hpp"

namespace mrun {
namespace {

const char* io_name(IoMode mode) {
  switch (mode) {
    case IoMode::automatic:
      return "auto";
    case IoMode::mmap:
      return "mmap";
    case IoMode::pread:
      return "pread";
  }
  return "";
}

std::string options_text(const RunOptions& options) {
  std::string inputs;
  for (const InputArgument& input : options.inputs)
    inputs += (inputs.empty() ? "" : ", ") + json_quoted(input.text);
  std::string tmp_dirs;
  for (const std::string& folder : options.tmp_dirs)
    tmp_dirs += (tmp_dirs.empty() ? "" : ", ") + json_quoted(folder);
  const auto or_null = [](const auto& value) {
    return value ? std::to_string(*value) : std::string("null");
  };
  return fmt::format(
      "  \"options\": {{\n    \"inputs\": [{}],\n    \"output\": {},\n    \"threads\": {},\n"
      "    \"memory_bytes\": {},\n    \"partitions\": {},\n    \"split_bytes\": {},\n"
      "    \"tmp_dirs\": [{}],\n    \"io\": \"{}\",\n    \"overwrite\": {},\n    \"sync\": {}\n  "
      "}},\n",
      inputs, json_quoted(options.output), options.threads, options.memory_bytes,
      or_null(options.partitions), or_null(options.split_bytes), tmp_dirs, io_name(options.io),
      options.overwrite, options.sync);
}

std::string counts_text(const RunInfo& info) {
  return fmt::format(
      "  \"threads\": {},\n  \"memory_bytes\": {},\n  \"splits\": {},\n  \"skipped_files\": {},\n"
      "  \"excluded_files\": {},\n"
      "  \"spilled_runs\": {},\n  \"spilled_bytes\": {},\n  \"merge_passes\": {},\n",
      info.threads, info.memory_bytes, info.splits, info.skipped_files, info.excluded_files,
      info.spilled_runs, info.spilled_bytes, info.merge_passes);
}

std::string phases_text(const RunInfo& info) {
  std::string text = "  \"phases\": [";
  for (std::size_t i = 0; i < info.phases.size(); ++i) {
    const PhaseInfo& phase = info.phases[i];
    text += fmt::format(
        "{}\n    {{\"name\": {}, \"seconds\": {:.6f}, \"cpu_seconds\": {:.6f}, "
        "\"peak_budget_bytes\": {}, \"peak_memory_bytes\": {}}}",
        i == 0 ? "" : ",", json_quoted(phase.name), phase.seconds, phase.cpu_seconds,
        phase.peak_budget_bytes, phase.peak_memory_bytes);
  }
  return text + (info.phases.empty() ? "]\n" : "\n  ]\n");
}

}  // namespace

std::string run_record_text(const RunInfo& info, const RunOptions& options, const std::string& host,
                            const std::string& started_at) {
  return fmt::format("{{\n  \"host\": {},\n  \"started_at\": {},\n  \"seconds\": {:.6f},\n",
                     json_quoted(host), json_quoted(started_at), info.seconds) +
         counts_text(info) + options_text(options) + phases_text(info) + "}\n";
}

}  // namespace mrun
