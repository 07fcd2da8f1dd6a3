// One function per option that needs understanding.
#include "cli/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/escape_text.hpp"
#include "base/size_text.hpp"
#include "cli/input_arguments.hpp"
#include "cli/option_values.hpp"
#include "engine/memory_plan.hpp"
#include "input/record_rules.hpp"
#include "os/machine.hpp"

namespace mrun {
namespace {

/// An error of a value, with the option's name before it.
Failure at_option(std::string_view option, Error error) {
  return fail(error.code, fmt::format("{}: {}", option, error.message), std::move(error.hint));
}

Result<std::uint32_t> parse_count(std::string_view option, const std::string& text,
                                  std::uint32_t most) {
  std::uint32_t count = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || count < 1 || count > most)
    return bad_option(option, text, fmt::format("a whole number from 1 to {}", most));
  return count;
}

Result<std::uint64_t> parse_memory(const std::string& text, const MachineFacts& machine) {
  constexpr std::string_view kOption = "--memory";
  if (text.find('%') != std::string::npos) {
    Result<unsigned> percent = parse_percent(text);
    if (!percent) return at_option(kOption, std::move(percent).error());
    return machine.memory_total_bytes / 100 * *percent;
  }
  Result<std::uint64_t> bytes = parse_size(text);
  if (!bytes) return at_option(kOption, std::move(bytes).error());
  return bytes;
}

Result<std::uint64_t> resolve_memory(const RawRun& raw, const MachineFacts& machine) {
  std::uint64_t bytes = default_memory_bytes(machine);
  if (raw.memory) {
    MRUN_TRY_ASSIGN(bytes, parse_memory(*raw.memory, machine));
  }
  if (bytes >= kMemoryLeast) return bytes;
  return fail(
      Code::usage,
      fmt::format("the memory to work with is {}{}, and {} is the least", size_text(bytes),
                  raw.memory ? fmt::format(" (--memory {})", excerpt_text(*raw.memory)) : "",
                  size_text(kMemoryLeast)),
      fmt::format("give at least --memory {}M", kMemoryLeast >> 20));
}

}  // namespace

MachineFacts read_machine() {
  return {usable_threads(), memory_total_bytes(), memory_available_bytes()};
}

std::uint64_t default_memory_bytes(const MachineFacts& machine) {
  return std::min(machine.memory_total_bytes / 100 * 60, machine.memory_available_bytes / 100 * 80);
}

Result<RunOptions> resolve(const RawRun& raw, const JobSpec& job, const MachineFacts& machine) {
  RunOptions options;
  options.include = raw.include;
  options.exclude = raw.exclude;
  options.strip_cr = raw.strip_cr;
  options.skip_header = raw.skip_header;
  options.output = raw.output;
  options.tmp_dirs = raw.tmp_dirs;
  if (raw.tmp_limit) {
    Result<std::uint64_t> bytes = parse_size(*raw.tmp_limit);
    if (!bytes) return at_option("--tmp-limit", std::move(bytes).error());
    options.tmp_limit_bytes = *bytes;
  }
  options.overwrite = raw.overwrite;
  options.sync = !raw.no_sync;
  options.threads = std::clamp(machine.threads, 1u, kThreadsMost);
  if (raw.threads) {
    MRUN_TRY_ASSIGN(options.threads, parse_count("--threads", *raw.threads, kThreadsMost));
  }
  if (raw.partitions) {
    MRUN_TRY_ASSIGN(options.partitions,
                    parse_count("--partitions", *raw.partitions, kPartitionsMost));
  }
  if (raw.split_size) {
    Result<std::uint64_t> bytes = parse_size(*raw.split_size);
    if (!bytes) return at_option("--split-size", std::move(bytes).error());
    if (*bytes == 0) return bad_option("--split-size", *raw.split_size, "1 byte or more");
    options.split_bytes = *bytes;
  }
  if (raw.io) {
    MRUN_TRY_ASSIGN(options.io, parse_choice<IoMode>("--io", *raw.io,
                                                     {{"auto", IoMode::automatic},
                                                      {"mmap", IoMode::mmap},
                                                      {"pread", IoMode::pread}}));
  }
  if (raw.compress) {
    MRUN_TRY_ASSIGN(options.compression, parse_choice<Compression>("--compress", *raw.compress,
                                                                   {{"gzip", Compression::gzip},
                                                                    {"zstd", Compression::zstd},
                                                                    {"lz4", Compression::lz4},
                                                                    {"none", Compression::none}}));
  }
  if (raw.output_format) {
    MRUN_TRY_ASSIGN(options.output_format,
                    parse_choice<OutputFormat>("--output-format", *raw.output_format,
                                               {{"text", OutputFormat::text},
                                                {"nul", OutputFormat::nul},
                                                {"raw", OutputFormat::raw}}));
  }
  if (raw.output == "-" && raw.overwrite)
    return fail(Code::usage, "--overwrite needs an OUT that is a folder, and '-' is none");
  if (raw.output.empty()) return fail(Code::usage, "the output's name is empty");
  for (const std::string& folder : raw.tmp_dirs)
    if (folder.empty()) return fail(Code::usage, "--tmp-dir is empty");
  if (raw.json && raw.explain) return fail(Code::usage, "--json and --explain exclude each other");
  if (raw.json && raw.stats)
    return fail(Code::usage, "--json and --stats exclude each other",
                "the last event of --json has all that --stats shows");
  if (raw.quiet && raw.verbose) return fail(Code::usage, "-q and -v exclude each other");
  MRUN_TRY_ASSIGN(options.memory_bytes, resolve_memory(raw, machine));
  MRUN_TRY_ASSIGN(options.inputs, resolve_inputs(raw.inputs, job));
  if (raw.records) {
    Result<RecordFormat> format = parse_record_format(*raw.records);
    if (!format) return at_option("--records", std::move(format).error());
    options.records = *format;
  }
  return options;
}

}  // namespace mrun
