// Words and tables about a run. Pure.
#include "cli/summary.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape_text.hpp"
#include "base/size_text.hpp"
#include "model/spill_compression.hpp"

namespace mrun {
namespace {

std::string plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count_text(count), count == 1 ? one : many);
}

std::string rate_text(std::uint64_t bytes, double seconds) {
  if (seconds <= 0) return "-";
  return size_text(static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds)) + "/s";
}

std::string skipped_text(const RunInfo& info) {
  std::string text;
  if (info.skipped_files > 0)
    text += fmt::format(
        "mrun: skipped {} inside folders: names that begin with '.' or '_', or side outputs\n",
        plural(info.skipped_files, "file", "files"));
  if (info.excluded_files > 0)
    text += fmt::format("mrun: left out {} by --include and --exclude\n",
                        plural(info.excluded_files, "file or folder", "files or folders"));
  return text;
}

/// A word that a shell reads back as `text`; bytes that a terminal should not see as bash writes
/// them.
std::string shell_word(const std::string& text) {
  const bool is_plain = text.find_first_not_of(
                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789_./-+,:@%") == std::string::npos;
  if (is_plain && text.front() != '-') return text;
  const std::string beginning = text.front() == '-' ? "./" : "";
  if (escape_text(text) == text) {
    std::string word = beginning + "'";
    for (const char c : text) word += c == '\'' ? "'\\''" : std::string(1, c);
    return word + "'";
  }
  std::string word = beginning + "$'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F)
      word += fmt::format("\\x{:02x}", byte);
    else
      word += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return word + "'";
}

std::string warning_text(const RunInfo& info) {
  return info.warning.empty() ? std::string()
                              : fmt::format("mrun: warning: {}\n", escape_text(info.warning));
}

std::string threads_text(const RunInfo& info, const RunOptions& options) {
  if (info.threads >= info.threads_asked) return {};
  if (info.threads_refused) {
    return fmt::format(
        "mrun: warning: {} of {} threads ran: the system starts no more for this user; see ulimit "
        "-u\n",
        info.threads, info.threads_asked);
  }
  return fmt::format(
      "mrun: warning: {} of {} threads ran: {} of memory feeds no more; give more with "
      "--memory\n",
      info.threads, info.threads_asked, size_text(options.memory_bytes));
}

/// How good the estimate was that was made before the maps began.
std::string estimate_text(const RunInfo& info) {
  const DiskEstimate& estimate = info.estimate;
  if (!estimate.is_known)
    return fmt::format("{:<10} {}\n", "estimate",
                       estimate.why_not.empty() ? "not needed" : "none: " + estimate.why_not);
  const auto part = [](std::string_view what, std::uint64_t estimated, std::uint64_t real) {
    const std::string error = real == 0
                                  ? std::string("there was none")
                                  : fmt::format("error {:+.1f} %", estimate_error(estimated, real));
    return fmt::format("{} {} ({})", what, size_text(estimated), error);
  };
  std::string text = fmt::format("{:<10} {}", "estimate",
                                 part("scratch", estimate.scratch_bytes, info.scratch_peak_bytes));
  std::uint64_t output_bytes = info.output_bytes;
  for (const SideOutputInfo& side : info.side_outputs) output_bytes += side.bytes;
  if (estimate.knows_output) text += ", " + part("output", estimate.output_bytes, output_bytes);
  return text + fmt::format(", by a sample of {}\n", size_text(estimate.sampled_bytes));
}

}  // namespace

std::string count_text(std::uint64_t count) {
  std::string digits = fmt::format("{}", count);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string summary_text(const RunInfo& info, const RunOptions& options, const std::string& job) {
  std::string text =
      fmt::format("mrun: {}: read {} ({}, {}), wrote {} ({}, {}, {})\n", escape_text(job),
                  plural(info.input_files, "file", "files"), size_text(info.input_bytes),
                  plural(info.input_records, "record", "records"),
                  options.is_streamed() ? "the standard output"
                                        : fmt::format("'{}'", escape_text(options.output)),
                  plural(info.output_parts, "part", "parts"), size_text(info.output_bytes),
                  plural(info.output_records, "record", "records"));
  for (const SideOutputInfo& side : info.side_outputs)
    text += fmt::format("mrun: side output '{}': {} ({})\n", escape_text(side.name),
                        plural(side.records, "record", "records"), size_text(side.bytes));
  text +=
      fmt::format("mrun: {:.2f} s on {}", info.seconds, plural(info.threads, "thread", "threads"));
  if (const std::uint64_t peak = info.peak_memory_bytes(); peak > 0)
    text += fmt::format(", peak memory {}", size_text(peak));
  if (info.spilled_runs > 0)
    text += fmt::format(", {} spilled ({})", plural(info.spilled_runs, "sorted run", "sorted runs"),
                        size_text(info.spilled_bytes));
  if (info.part_skew > 0) text += fmt::format(", largest part {:.1f} x the mean", info.part_skew);
  text += '\n';
  for (const CounterValue& counter : info.counters)
    text += fmt::format("mrun: counter {} = {}\n", escape_text(counter.name), counter.value);
  text += skipped_text(info) + threads_text(info, options) + warning_text(info);
  if (!options.is_streamed())
    text += fmt::format("mrun: to print it: mrun cat {}\n", shell_word(options.output));
  return text;
}

std::string stats_text(const RunInfo& info, const RunOptions& options) {
  std::string text = fmt::format("{:<10} {:>10} {:>10} {:>8} {:>14} {:>14}\n", "phase", "seconds",
                                 "cpu s", "cores", "budget peak", "memory peak");
  double cpu_seconds = 0;
  for (const PhaseInfo& phase : info.phases) {
    cpu_seconds += phase.cpu_seconds;
    text += fmt::format("{:<10} {:>10.3f} {:>10.3f} {:>8.2f} {:>14} {:>14}\n", phase.name,
                        phase.seconds, phase.cpu_seconds,
                        phase.seconds > 0 ? phase.cpu_seconds / phase.seconds : 0.0,
                        size_text(phase.peak_budget_bytes), size_text(phase.peak_memory_bytes));
  }
  text += fmt::format("{:<10} {:>10.3f} {:>10.3f} {:>8.2f} {:>14} {:>14}\n\n", "all", info.seconds,
                      cpu_seconds, info.seconds > 0 ? cpu_seconds / info.seconds : 0.0, "",
                      size_text(info.peak_memory_bytes()));
  text += fmt::format(
      "{:<10} {} in {}, {}, {}, {}\n", "input", size_text(info.input_bytes),
      plural(info.input_files, "file", "files"), plural(info.input_records, "record", "records"),
      plural(info.splits, "split", "splits"), rate_text(info.input_bytes, info.seconds));
  text += fmt::format("{:<10} {} emitted, {}\n", "pairs", count_text(info.emitted_pairs),
                      plural(info.groups, "group", "groups"));
  text += fmt::format(
      "{:<10} {}, {}, {}\n", "spill", plural(info.spilled_runs, "sorted run", "sorted runs"),
      size_text(info.spilled_bytes), plural(info.merge_passes, "extra pass", "extra passes"));
  text += fmt::format("{:<10} {} at most at once, {} of {} compressed ({})\n", "scratch",
                      size_text(info.scratch_peak_bytes), size_text(info.spill_packed_bytes),
                      size_text(info.spilled_raw_bytes),
                      spill_compression_name(options.spill_compression));
  text += estimate_text(info);
  text += fmt::format("{:<10} {} in {}, {}\n", "output", size_text(info.output_bytes),
                      plural(info.output_parts, "part", "parts"),
                      plural(info.output_records, "record", "records"));
  text += fmt::format("{:<10} {} allowed, {} of {} threads\n", "limits",
                      size_text(options.memory_bytes), info.threads, info.threads_asked);
  return text;
}

}  // namespace mrun
