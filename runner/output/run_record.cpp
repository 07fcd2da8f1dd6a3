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

std::string list_text(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + json_quoted(text);
  return "[" + list + "]";
}

std::string format_name(const std::optional<OutputFormat>& format) {
  if (!format) return "null";
  switch (*format) {
    case OutputFormat::text:
      return "\"text\"";
    case OutputFormat::nul:
      return "\"nul\"";
    case OutputFormat::raw:
      return "\"raw\"";
    case OutputFormat::table:
      return "\"table\"";
    case OutputFormat::kv:
      break;
  }
  return "\"kv\"";
}

std::string records_name(const std::optional<RecordFormat>& records) {
  if (!records) return "null";
  switch (records->kind) {
    case RecordFormat::Kind::lines:
      return "\"lines\"";
    case RecordFormat::Kind::nul:
      return "\"nul\"";
    case RecordFormat::Kind::fixed:
      return fmt::format("\"fixed:{}\"", records->fixed_bytes);
    case RecordFormat::Kind::whole:
      return "\"whole\"";
    case RecordFormat::Kind::csv:
      break;
  }
  return json_quoted(std::string("csv:") + static_cast<char>(records->separator));
}

std::string options_text(const RunOptions& options) {
  std::vector<std::string> inputs;
  for (const InputArgument& input : options.inputs) inputs.push_back(input.text);
  const auto or_null = [](const auto& value) {
    return value ? std::to_string(*value) : std::string("null");
  };
  return fmt::format(
      "  \"options\": {{\n    \"inputs\": {},\n    \"include\": {},\n    \"exclude\": {},\n"
      "    \"records\": {},\n    \"strip_cr\": {},\n    \"skip_header\": {},\n"
      "    \"decompress\": {},\n    \"output_format\": {},\n    \"compress\": \"{}\",\n    "
      "\"compress_spill\": \"{}\",\n    \"output\": {},\n    \"threads\": {},\n"
      "    \"memory_bytes\": {},\n    \"partitions\": {},\n    \"split_bytes\": {},\n"
      "    \"tmp_dirs\": {},\n    \"tmp_limit_bytes\": {},\n    \"io\": \"{}\",\n    "
      "\"overwrite\": {},\n    \"sync\": {}\n  "
      "}},\n",
      list_text(inputs), list_text(options.include), list_text(options.exclude),
      records_name(options.records), options.strip_cr, options.skip_header, options.decompresses,
      format_name(options.output_format), compression_name(options.compression),
      spill_compression_name(options.spill_compression), json_quoted(options.output),
      options.threads, options.memory_bytes, or_null(options.partitions),
      or_null(options.split_bytes), list_text(options.tmp_dirs), or_null(options.tmp_limit_bytes),
      io_name(options.io), options.overwrite, options.sync);
}

std::string counts_text(const RunInfo& info) {
  return fmt::format(
      "  \"threads\": {},\n  \"memory_bytes\": {},\n  \"splits\": {},\n  \"skipped_files\": {},\n"
      "  \"excluded_files\": {},\n"
      "  \"spilled_runs\": {},\n  \"spilled_bytes\": {},\n  \"spilled_raw_bytes\": {},\n"
      "  \"spill_packed_bytes\": {},\n  \"merge_passes\": {},\n"
      "  \"scratch_peak_bytes\": {},\n  \"estimated_scratch_bytes\": {},\n"
      "  \"estimated_output_bytes\": {},\n",
      info.threads, info.memory_bytes, info.splits, info.skipped_files, info.excluded_files,
      info.spilled_runs, info.spilled_bytes, info.spilled_raw_bytes, info.spill_packed_bytes,
      info.merge_passes, info.scratch_peak_bytes,
      info.estimate.is_known ? fmt::format("{}", info.estimate.scratch_bytes) : "null",
      info.estimate.knows_output ? fmt::format("{}", info.estimate.output_bytes) : "null");
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
