// `mrun get` and `mrun scan`: what tables hold, by key.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
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
    MRUN_TRY_ASSIGN(KeyReader::Key key, read_key(reader, text, raw.hex));
    keys.push_back(std::move(key));
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
      Result<KeyReader::Key> key = read_key(reader, *line, raw.hex);
      if (!key) {
        MRUN_TRY(lookup.print(keys));
        return input.at_line(std::move(key).error());
      }
      key_bytes += key->bytes.size();
      keys.push_back(*std::move(key));
    }
    if (!line || keys.size() == kKeysAtOnce || key_bytes >= kKeyBytesAtOnce) {
      MRUN_TRY_ASSIGN(const bool goes_on, lookup.print(keys));
      if (!goes_on || !line) return goes_on;
      keys.clear();
      key_bytes = 0;
    }
  }
}

Result<std::string> read_bytes(const KeyReader& reader, const std::string& text, bool hex) {
  MRUN_TRY_ASSIGN(KeyReader::Key key, read_key(reader, text, hex));
  return std::move(key.bytes);
}

Result<KeyRange> range_of(const RawScan& raw, const KeyReader& reader) {
  KeyRange range;
  if (raw.prefix) {
    if (raw.hex) {
      MRUN_TRY_ASSIGN(const std::string bytes, KeyReader::read_hex(*raw.prefix));
      return range_of_prefix(bytes);
    }
    MRUN_TRY_ASSIGN(const std::string bytes, reader.read_prefix(*raw.prefix));
    return range_of_prefix(bytes);
  }
  if (raw.from) {
    MRUN_TRY_ASSIGN(range.low, read_bytes(reader, *raw.from, raw.hex));
  }
  if (raw.to) {
    MRUN_TRY_ASSIGN(range.high, read_bytes(reader, *raw.to, raw.hex));
  }
  range.has_low = raw.from.has_value();
  range.has_high = raw.to.has_value();
  return range;
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
  MRUN_TRY_ASSIGN(const KeyRange range, range_of(raw, reader));
  ReadStats reads;
  if (raw.count) {
    MRUN_TRY_ASSIGN(const std::uint64_t records, count_records(output, range));
    MRUN_TRY(print_text(context.console, fmt::format("{}\n", std::min(records, limit))));
  } else {
    const JobSpec spec = printed_spec(output.schema());
    RecordPrinter printer = printer_of(output, spec, context);
    const Result<ReadStats> scanned =
        scan_output(output, {range, raw.reverse, limit}, context.stop,
                    [&](Slice key, Slice value) { return printer.print(key, value); });
    // What was found before a failure is right.
    const Result<bool> flushed = printer.flush();
    MRUN_TRY(scanned);
    MRUN_TRY(flushed);
    reads = *scanned;
  }
  if (raw.stats)
    context.console.err(fmt::format("parts    {} of {} opened\nblocks   {} read, {}\n",
                                    output.opened_parts(), output.part_count(), reads.blocks,
                                    size_text(reads.stored_bytes)));
  return {};
}

}  // namespace mrun
