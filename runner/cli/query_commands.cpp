// `mrun get` and `mrun scan`: what tables hold, by key.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <span>
#include <vector>

#include "base/escape_text.hpp"
#include "base/size_text.hpp"
#include "cli/commands.hpp"
#include "cli/key_input.hpp"
#include "cli/option_values.hpp"
#include "output/key_text.hpp"
#include "query/key_lookup.hpp"
#include "query/output_scan.hpp"
#include "query/record_printer.hpp"
#include "query/table_output.hpp"

namespace mrun {
namespace {

/// Keys that are looked up together, so that those of one block need it once. They and what was
/// found of them are in memory.
constexpr std::size_t kKeysAtOnce = std::size_t{64} << 10;
constexpr std::size_t kKeyBytesAtOnce = std::size_t{8} << 20;

RecordPrinter printer_of(const TableOutput& output, const JobSpec& spec,
                         const CommandContext& context) {
  return RecordPrinter(spec, output.schema().file_names, context.console.out);
}

/// All keys are understood before the first one is looked up.
Result<bool> get_arguments(const KeyReader& reader, const RawGet& raw, KeyLookup& lookup) {
  std::vector<KeyReader::Key> keys;
  for (const std::string& text : raw.keys) {
    MRUN_TRY_ASSIGN(std::vector<KeyReader::Key> more, read_keys(reader, text, raw.hex));
    std::move(more.begin(), more.end(), std::back_inserter(keys));
  }
  return lookup.print(keys);
}

/// The keys before one that cannot be read are looked up.
Result<bool> get_from_stdin(const KeyReader& reader, const RawGet& raw, KeyLookup& lookup,
                            const StopFlag& stop) {
  MRUN_TRY_ASSIGN(KeyInput input, KeyInput::open(stop));
  std::vector<KeyReader::Key> keys;
  std::size_t key_bytes = 0;
  while (true) {
    MRUN_TRY_ASSIGN(const std::optional<std::string_view> line, input.next());
    if (line) {
      Result<std::vector<KeyReader::Key>> more = read_keys(reader, *line, raw.hex);
      if (!more) {
        MRUN_TRY(lookup.print(keys));
        return input.at_line(std::move(more).error());
      }
      for (KeyReader::Key& key : *more) {
        key_bytes += key.bytes.size();
        keys.push_back(std::move(key));
      }
    }
    if (!line || keys.size() >= kKeysAtOnce || key_bytes >= kKeyBytesAtOnce) {
      MRUN_TRY_ASSIGN(const bool goes_on, lookup.print(keys));
      if (!goes_on || !line) return goes_on;
      keys.clear();
      key_bytes = 0;
    }
  }
}

/// The first of the keys that `text` says.
Result<std::string> read_bound(const KeyReader& reader, const std::string& text, bool hex) {
  MRUN_TRY_ASSIGN(std::vector<KeyReader::Key> keys, read_keys(reader, text, hex));
  return std::move(keys.front().bytes);
}

/// In rising order: one, but for a prefix that names several keys.
Result<std::vector<KeyRange>> ranges_of(const RawScan& raw, const KeyReader& reader) {
  std::vector<KeyRange> ranges;
  if (raw.prefix && raw.hex) {
    MRUN_TRY_ASSIGN(const std::string bytes, KeyReader::read_hex(*raw.prefix));
    ranges.push_back(range_of_prefix(bytes));
  } else if (raw.prefix) {
    MRUN_TRY_ASSIGN(const std::vector<std::string> prefixes, reader.read_prefix(*raw.prefix));
    for (const std::string& prefix : prefixes) ranges.push_back(range_of_prefix(prefix));
  } else {
    KeyRange& range = ranges.emplace_back();
    if (raw.from) {
      MRUN_TRY_ASSIGN(range.low, read_bound(reader, *raw.from, raw.hex));
    }
    if (raw.to) {
      MRUN_TRY_ASSIGN(range.high, read_bound(reader, *raw.to, raw.hex));
    }
    range.has_low = raw.from.has_value();
    range.has_high = raw.to.has_value();
  }
  return ranges;
}

/// Prints the records of the ranges; what was found before a failure is right, and printed.
Result<ReadStats> print_ranges(TableOutput& output, std::span<const KeyRange> ranges,
                               bool is_reverse, std::uint64_t limit,
                               const CommandContext& context) {
  const JobSpec spec = printed_spec(output.schema());
  RecordPrinter printer = printer_of(output, spec, context);
  ReadStats reads;
  bool goes_on = true;
  Result<void> failure;
  for (std::size_t i = 0; i < ranges.size() && goes_on && failure; ++i) {
    const KeyRange& range = ranges[is_reverse ? ranges.size() - 1 - i : i];
    Result<ScanStats> scanned = scan_output(output, {range, is_reverse, limit}, context.stop,
                                            [&](Slice key, Slice value) -> Result<bool> {
                                              MRUN_TRY_ASSIGN(goes_on, printer.print(key, value));
                                              return goes_on;
                                            });
    if (!scanned) {
      failure = Failure{std::move(scanned).error()};
      continue;
    }
    limit -= scanned->records;
    reads.add(scanned->reads);
  }
  const Result<bool> flushed = printer.flush();
  MRUN_TRY(failure);
  MRUN_TRY(flushed);
  return reads;
}

Result<std::uint64_t> parse_limit(const RawScan& raw) {
  if (!raw.limit) return UINT64_MAX;
  std::uint64_t limit = 0;
  const char* const end = raw.limit->data() + raw.limit->size();
  const auto read = std::from_chars(raw.limit->data(), end, limit);
  if (read.ec != std::errc() || read.ptr != end)
    return bad_option("--limit", *raw.limit, "a whole number");
  return limit;
}

std::string lookup_text(const LookupStats& stats, const TableOutput& output) {
  return fmt::format(
      "keys     {} asked, {} found\n"
      "parts    {} asked, {} ruled out by their filters, {} read in vain; {} of {} opened\n"
      "blocks   {} read, {}\n",
      stats.keys, stats.found, stats.parts_asked, stats.filtered, stats.read_in_vain,
      output.opened_parts(), output.part_count(), stats.reads.blocks,
      size_text(stats.reads.stored_bytes));
}

}  // namespace

Result<ExitStatus> get_command(const RawGet& raw, const CommandContext& context) {
  MRUN_TRY_ASSIGN(TableOutput output, TableOutput::open(raw.output));
  const JobSpec spec = printed_spec(output.schema());
  RecordPrinter printer = printer_of(output, spec, context);
  KeyLookup lookup(output, printer, context.stop);
  const KeyReader reader(output.schema().key_fields, output.schema().file_names);
  Result<bool> printed = raw.from_stdin ? get_from_stdin(reader, raw, lookup, context.stop)
                                        : get_arguments(reader, raw, lookup);
  // What was found before a failure is right.
  const Result<bool> flushed = printer.flush();
  MRUN_TRY(printed);
  MRUN_TRY(flushed);
  // `mrun get OUT KEY | head` has seen enough.
  if (!*printed || !*flushed) return ExitStatus::done;
  const LookupStats& stats = lookup.stats();
  if (raw.stats) context.console.err(lookup_text(stats, output));
  return stats.found == stats.keys ? ExitStatus::done : ExitStatus::not_found;
}

Result<void> scan_command(const RawScan& raw, const CommandContext& context) {
  MRUN_TRY_ASSIGN(const std::uint64_t limit, parse_limit(raw));
  MRUN_TRY_ASSIGN(TableOutput output, TableOutput::open(raw.output));
  const KeyReader reader(output.schema().key_fields, output.schema().file_names);
  MRUN_TRY_ASSIGN(const std::vector<KeyRange> ranges, ranges_of(raw, reader));
  ReadStats reads;
  if (raw.count) {
    std::uint64_t records = 0;
    for (const KeyRange& range : ranges) {
      MRUN_TRY_ASSIGN(const CountedRecords counted, count_records(output, range));
      records += counted.records;
      reads.add(counted.reads);
    }
    MRUN_TRY(print_text(context.console, fmt::format("{}\n", std::min(records, limit))));
  } else {
    MRUN_TRY_ASSIGN(reads, print_ranges(output, ranges, raw.reverse, limit, context));
  }
  if (raw.stats)
    context.console.err(fmt::format("parts    {} of {} opened\nblocks   {} read, {}\n",
                                    output.opened_parts(), output.part_count(), reads.blocks,
                                    size_text(reads.stored_bytes)));
  return {};
}

}  // namespace mrun
