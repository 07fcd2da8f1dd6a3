#include "cli/json_events.hpp"

#include <fmt/format.h>

#include "output/json_text.hpp"

namespace mrun {

namespace {

std::string estimate_json(const DiskEstimate& estimate) {
  if (!estimate.is_known) return "null";
  return fmt::format(
      "{{\"sampled_bytes\":{},\"runs\":{},\"passes\":{},\"scratch_bytes\":{},\"output_bytes\":{}}}",
      estimate.sampled_bytes, estimate.runs, estimate.passes, estimate.scratch_bytes,
      estimate.knows_output ? fmt::format("{}", estimate.output_bytes) : "null");
}

}  // namespace

std::string progress_event(const ProgressState& state) {
  return fmt::format(
      "{{\"event\":\"progress\",\"phase\":{},\"done\":{},\"total\":{},\"seconds\":{:.3f},"
      "\"memory_bytes\":{},\"spilled_bytes\":{}}}\n",
      json_quoted(state.phase), state.done, state.total, state.seconds, state.memory_bytes,
      state.spilled_bytes);
}

std::string log_event(std::string_view level, std::string_view text) {
  return fmt::format("{{\"event\":\"log\",\"level\":{},\"text\":{}}}\n", json_quoted(level),
                     json_quoted(text));
}

std::string end_event(const RunInfo& info, const RunOptions& options, const std::string& job) {
  std::string phases, counters, sides;
  for (const PhaseInfo& phase : info.phases) {
    phases += fmt::format("{}{{\"name\":{},\"seconds\":{:.6f},\"cpu_seconds\":{:.6f}}}",
                          phases.empty() ? "" : ",", json_quoted(phase.name), phase.seconds,
                          phase.cpu_seconds);
  }
  for (const CounterValue& counter : info.counters)
    counters += fmt::format("{}{}:{}", counters.empty() ? "" : ",", json_quoted(counter.name),
                            counter.value);
  for (const SideOutputInfo& side : info.side_outputs)
    sides +=
        fmt::format("{}{}:{{\"count\":{},\"bytes\":{},\"records\":{}}}", sides.empty() ? "" : ",",
                    json_quoted(side.name), side.files, side.bytes, side.records);
  return fmt::format(
      "{{\"event\":\"end\",\"job\":{},\"output\":{},\"seconds\":{:.6f},\"threads\":{},"
      "\"peak_memory_bytes\":{},\"input\":{{\"files\":{},\"bytes\":{},\"records\":{},"
      "\"skipped_files\":{},\"excluded_files\":{},\"splits\":{}}},\"emitted_pairs\":{},"
      "\"groups\":{},\"spill\":{{\"runs\":{},\"bytes\":{},\"merge_passes\":{},\"raw_bytes\":{},"
      "\"packed_bytes\":{},\"peak_bytes\":{}}},\"estimate\":{},"
      "\"output_files\":{{\"count\":{},\"bytes\":{},\"records\":{},\"largest_part_bytes\":{}}},"
      "\"side_outputs\":{{{}}},"
      "\"counters\":{{{}}},\"phases\":[{}],\"warning\":{}}}\n",
      json_quoted(job), json_quoted(options.output), info.seconds, info.threads,
      info.peak_memory_bytes(), info.input_files, info.input_bytes, info.input_records,
      info.skipped_files, info.excluded_files, info.splits, info.emitted_pairs, info.groups,
      info.spilled_runs, info.spilled_bytes, info.merge_passes, info.spilled_raw_bytes,
      info.spill_packed_bytes, info.scratch_peak_bytes, estimate_json(info.estimate),
      info.output_parts, info.output_bytes, info.output_records, info.largest_part_bytes, sides,
      counters, phases, json_quoted(info.warning));
}

std::string error_event(const Error& error, int status) {
  return fmt::format(
      "{{\"event\":\"error\",\"status\":{},\"message\":{},\"place\":{},\"hint\":{}}}\n", status,
      json_quoted(error.message), json_quoted(error.place), json_quoted(error.hint));
}

}  // namespace mrun
