#include "cli/plan_text.hpp"

#include <fmt/format.h>

#include "base/escape_text.hpp"
#include "base/size_text.hpp"
#include "cli/summary.hpp"

namespace mrun {
namespace {

std::string spill_text(const RunPlan& plan) {
  const DiskEstimate& estimate = plan.estimate;
  if (plan.map_only) return "none: map writes the output";
  if (!estimate.is_known)
    return fmt::format("where {} take more than {}; no estimate: {}",
                       plan.combines ? "different keys" : "pairs", size_text(plan.sort_bytes),
                       estimate.why_not);
  if (estimate.runs == 0)
    return fmt::format("none expected, by a sample of {}", size_text(estimate.sampled_bytes));
  return fmt::format("about {} sorted runs, {} in all, by a sample of {}",
                     count_text(estimate.runs), size_text(estimate.run_bytes),
                     size_text(estimate.sampled_bytes));
}

std::string merge_text(const DiskEstimate& estimate) {
  const std::string merges =
      fmt::format("{} of up to {} runs side by side", count_text(estimate.merges_at_once),
                  count_text(estimate.fan_in));
  if (estimate.passes == 0) return fmt::format("in one pass, {}", merges);
  return fmt::format("in {} passes, {}, the last into the output", count_text(estimate.passes + 1),
                     merges);
}

std::string disk_text(const RunPlan& plan) {
  const DiskEstimate& estimate = plan.estimate;
  if (!estimate.is_known) return fmt::format("no estimate: {}", estimate.why_not);
  return fmt::format("about {} for what does not fit in memory (--compress-spill {}), {}",
                     size_text(estimate.scratch_bytes), plan.compress_spill,
                     estimate.knows_output ? size_text(estimate.output_bytes) + " for the output"
                                           : "and the output, which is not estimated");
}

}  // namespace

std::string plan_text(const RunPlan& plan, const JobSpec& job) {
  const auto line = [](std::string_view label, const std::string& text) {
    return fmt::format("  {:<10} {}\n", label, text);
  };
  std::string text = escape_text(job.name) + " would run, with\n";
  const std::uint64_t files = plan.input_files + plan.input_streams;
  std::string inputs = fmt::format("{} {}, {}", count_text(files), files == 1 ? "file" : "files",
                                   size_text(plan.input_bytes));

  if (plan.input_streams > 0)
    inputs +=
        fmt::format(", {} of them streams, which count as 256 MiB each and are cut as they come",
                    count_text(plan.input_streams));
  text += line("input", inputs);
  if (plan.skipped_files + plan.excluded_files > 0)
    text += line(
        "left out",
        fmt::format(
            "{} (names that begin with '.' or '_', side outputs), {} by --include and --exclude",
            count_text(plan.skipped_files), count_text(plan.excluded_files)));
  text += line("splits",
               fmt::format("{} of about {}", count_text(plan.splits), size_text(plan.split_bytes)));
  if (plan.compressed_files > 0)
    text += line("", fmt::format("{} compressed, read by one thread each",
                                 plan.compressed_files == 1
                                     ? "1 file is"
                                     : count_text(plan.compressed_files) + " files are"));
  for (const std::string& input : plan.uncut_inputs)
    text += line("", fmt::format("files of {} are one record each, and are not cut",
                                 input.empty() ? "the input" : "input " + escape_text(input)));
  text += line("parts", count_text(plan.partitions));
  text += line("threads", fmt::format("{}", plan.threads));
  text += line("memory", size_text(plan.memory_bytes));
  text += line(
      "", fmt::format("sort buffers {}, combine tables {}, rows {}", size_text(plan.sort_bytes),
                      size_text(plan.table_bytes), size_text(plan.row_bytes)));
  text +=
      line("", fmt::format("buffers of input {}, output {}, spill {}",
                           size_text(plan.input_buffer_bytes), size_text(plan.output_buffer_bytes),
                           size_text(plan.spill_buffer_bytes)));
  text += line("spill", spill_text(plan));
  if (plan.estimate.runs > 0) text += line("merge", merge_text(plan.estimate));
  text += line("disk", disk_text(plan));
  return text;
}

}  // namespace mrun
