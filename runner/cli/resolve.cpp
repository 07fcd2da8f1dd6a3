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

Result<std::uint32_t> parse_count(const std::string& option, const std::string& text,
                                  std::uint32_t most) {
  std::uint32_t count = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || count < 1 || count > most)
    return bad_option(option, text, fmt::format("a whole number from 1 to {}", most));
  return count;
}

Result<std::uint64_t> parse_bytes(const std::string& option, const std::string& text) {
  Result<std::uint64_t> bytes = parse_size(text);
  if (!bytes) return at_option(option, std::move(bytes).error());
  return bytes;
}

Result<std::uint64_t> parse_memory(const std::string& option, const std::string& text,
                                   const MachineFacts& machine) {
  if (text.find('%') == std::string::npos) return parse_bytes(option, text);
  Result<unsigned> percent = parse_percent(text);
  if (!percent) return at_option(option, std::move(percent).error());
  return machine.memory_total_bytes / 100 * *percent;
}

Result<std::uint64_t> resolve_memory(const RawRun& raw, const MachineFacts& machine) {
  std::uint64_t bytes = default_memory_bytes(machine);
  std::string given;
  if (raw.memory) {
    const std::string option = raw.name_of("--memory");
    MRUN_TRY_ASSIGN(bytes, parse_memory(option, *raw.memory, machine));
    given = fmt::format(" ({} is '{}')", option, excerpt_text(*raw.memory));
  }
  if (bytes >= kMemoryLeast) return bytes;
  return fail(Code::usage,
              fmt::format("the memory to work with is {}{}, and {} is the least", size_text(bytes),
                          given, size_text(kMemoryLeast)),
              fmt::format("give at least --memory {}M", kMemoryLeast >> 20));
}

Failure exclude(const RawRun& raw, const std::string& one, const std::string& other,
                std::string hint) {
  return fail(Code::usage,
              fmt::format("{} and {} exclude each other", raw.name_of(one), raw.name_of(other)),
              std::move(hint));
}

/// What the formats table and kv do not go together with.
Result<void> check_pair_format(const RawRun& raw, const RunOptions& options) {
  if (!options.writes_pairs()) return {};
  const std::string option = raw.name_of("--output-format") + " " + *raw.output_format;
  if (raw.output == "-")
    return fail(Code::usage, option + " needs an OUT that is a folder, and '-' is none",
                "name a folder, and print it with 'mrun cat'");
  if (options.output_format == OutputFormat::kv && options.compression != Compression::none)
    return fail(Code::usage, option + " is not compressed, and --compress asks for it",
                "leave out --compress, or use --output-format table");
  if (options.block_compression == Compression::gzip)
    return fail(Code::usage, "--compress gzip does not go with " + option,
                "the blocks of a table are compressed with lz4 (the default), zstd or none");
  return {};
}

/// Where what does not fit in memory goes, and how.
Result<void> resolve_scratch(const RawRun& raw, RunOptions& options) {
  options.tmp_dirs = raw.tmp_dirs;
  if (raw.tmp_limit) {
    MRUN_TRY_ASSIGN(options.tmp_limit_bytes,
                    parse_bytes(raw.name_of("--tmp-limit"), *raw.tmp_limit));
  }
  if (raw.compress_spill) {
    MRUN_TRY_ASSIGN(
        options.spill_compression,
        parse_choice<SpillCompression>(raw.name_of("--compress-spill"), *raw.compress_spill,
                                       {{"auto", SpillCompression::automatic},
                                        {"lz4", SpillCompression::lz4},
                                        {"zstd", SpillCompression::zstd},
                                        {"none", SpillCompression::none}}));
  }
  for (const std::string& folder : raw.tmp_dirs)
    if (folder.empty()) return fail(Code::usage, raw.name_of("--tmp-dir") + " is empty");
  return {};
}

}  // namespace

MachineFacts read_machine() {
  return {usable_threads(), memory_total_bytes(), memory_available_bytes()};
}

std::uint64_t default_memory_bytes(const MachineFacts& machine) {
  return std::min(machine.memory_total_bytes / 100 * 60, machine.memory_available_bytes / 100 * 80);
}

Result<RunOptions> resolve_output(const RawRun& raw, const MachineFacts& machine) {
  RunOptions options;
  options.output = raw.output;
  options.overwrite = raw.overwrite;
  options.sync = !raw.no_sync;
  options.threads = std::clamp(machine.threads, 1u, kThreadsMost);
  if (raw.threads) {
    MRUN_TRY_ASSIGN(options.threads,
                    parse_count(raw.name_of("--threads"), *raw.threads, kThreadsMost));
  }
  if (raw.partitions) {
    MRUN_TRY_ASSIGN(options.partitions,
                    parse_count(raw.name_of("--partitions"), *raw.partitions, kPartitionsMost));
  }
  if (raw.compress) {
    MRUN_TRY_ASSIGN(options.compression,
                    parse_choice<Compression>(raw.name_of("--compress"), *raw.compress,
                                              {{"gzip", Compression::gzip},
                                               {"zstd", Compression::zstd},
                                               {"lz4", Compression::lz4},
                                               {"none", Compression::none}}));
    options.block_compression = options.compression;
  }
  if (raw.output == "-" && raw.overwrite)
    return fail(Code::usage,
                raw.name_of("--overwrite") + " needs an OUT that is a folder, and '-' is none");
  if (raw.output.empty()) return fail(Code::usage, "the output's name is empty");
  MRUN_TRY_ASSIGN(options.memory_bytes, resolve_memory(raw, machine));
  MRUN_TRY(resolve_scratch(raw, options));
  return options;
}

Result<RunOptions> resolve(const RawRun& raw, const JobSpec& job, const MachineFacts& machine) {
  MRUN_TRY_ASSIGN(RunOptions options, resolve_output(raw, machine));
  options.include = raw.include;
  options.exclude = raw.exclude;
  options.strip_cr = raw.strip_cr;
  options.skip_header = raw.skip_header;
  if (raw.split_size) {
    const std::string option = raw.name_of("--split-size");
    MRUN_TRY_ASSIGN(options.split_bytes, parse_bytes(option, *raw.split_size));
    if (options.split_bytes == 0) return bad_option(option, *raw.split_size, "1 byte or more");
  }
  if (raw.io) {
    MRUN_TRY_ASSIGN(options.io, parse_choice<IoMode>(raw.name_of("--io"), *raw.io,
                                                     {{"auto", IoMode::automatic},
                                                      {"mmap", IoMode::mmap},
                                                      {"pread", IoMode::pread}}));
  }
  if (raw.decompress) {
    MRUN_TRY_ASSIGN(options.decompresses,
                    parse_choice<bool>(raw.name_of("--decompress"), *raw.decompress,
                                       {{"auto", true}, {"none", false}}));
  }
  if (raw.output_format) {
    MRUN_TRY_ASSIGN(options.output_format,
                    parse_choice<OutputFormat>(raw.name_of("--output-format"), *raw.output_format,
                                               {{"text", OutputFormat::text},
                                                {"nul", OutputFormat::nul},
                                                {"raw", OutputFormat::raw},
                                                {"table", OutputFormat::table},
                                                {"kv", OutputFormat::kv}}));
    MRUN_TRY(check_pair_format(raw, options));
  }
  if (raw.json && raw.explain) return exclude(raw, "--json", "--explain", "the plan is text");
  if (raw.json && raw.stats)
    return exclude(raw, "--json", "--stats", "the last event of --json has all that --stats shows");
  if (raw.quiet && raw.verbose)
    return exclude(raw, "--quiet", "--verbose", "leave out one of them");
  MRUN_TRY_ASSIGN(options.inputs, resolve_inputs(raw.inputs, job));
  if (raw.records) {
    Result<RecordFormat> format = parse_record_format(*raw.records);
    if (!format) return at_option(raw.name_of("--records"), std::move(format).error());
    options.records = *format;
  }
  return options;
}

}  // namespace mrun
