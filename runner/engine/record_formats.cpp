#include "engine/record_formats.hpp"

#include <fmt/format.h>

namespace mrun {
namespace {

void format_output(JobSpec& spec, OutputFormat format) {
  if (holds_pairs(format)) return;  // Printed as the job says.
  spec.out_end = format == OutputFormat::text  ? OutEnd::newline
                 : format == OutputFormat::nul ? OutEnd::nul
                                               : OutEnd::nothing;
  if (format == OutputFormat::raw && spec.out_kind == OutKind::pair)
    spec.out_kind = spec.value_field.type == FieldType::none ? OutKind::key : OutKind::value;
}

}  // namespace

Result<std::vector<RecordFormat>> record_formats(const RunOptions& options, const JobSpec& spec) {
  std::vector<RecordFormat> formats;
  for (const InputSpec& input : spec.inputs) {
    if (options.records || input.records.empty()) {
      formats.push_back(options.records.value_or(RecordFormat{}));
      continue;
    }
    Result<RecordFormat> format = parse_record_format(input.records);
    if (!format)
      return fail(Code::plugin,
                  fmt::format("job '{}' asks for records that mrun does not know: {}", spec.name,
                              format.error().message),
                  format.error().hint);
    formats.push_back(*format);
  }
  return formats;
}

std::vector<RecordRules> record_rules(const RunOptions& options, const JobSpec& spec,
                                      const std::vector<RecordFormat>& formats) {
  std::vector<RecordRules> rules;
  for (std::size_t i = 0; i < formats.size(); ++i) {
    const InputSpec& input = spec.inputs[i];
    RecordRules one;
    one.format = formats[i];
    // The lines of CSV end with CR LF as often as with LF.
    one.strip_cr = options.strip_cr || one.format.kind == RecordFormat::Kind::csv;
    one.has_header = options.skip_header || input.header;
    one.chunks = input.chunks && one.format.kind == RecordFormat::Kind::lines && !one.strip_cr;
    one.line_numbers = input.line_numbers;
    rules.push_back(one);
  }
  return rules;
}

Result<void> check_pair_output(const RunOptions& options, const JobSpec& spec) {
  if (!options.writes_pairs() || !spec.map_only) return {};
  return fail(Code::usage,
              fmt::format("job '{}' only maps: its records come in the order of the input, and an "
                          "output of the format {} holds pairs by key",
                          spec.name, options.output_format == OutputFormat::table ? "table" : "kv"),
              "leave out --output-format, or use a job that emits pairs");
}

PartFile::Coding part_coding(const RunOptions& options, const JobSpec& spec) {
  PartFile::Coding coding;
  if (!options.writes_pairs()) {
    coding.compression = options.compression;
    return coding;
  }
  coding.form = options.output_format == OutputFormat::table ? PartForm::table : PartForm::kv;
  coding.table_codec = options.block_compression == Compression::none   ? TableCodec::none
                       : options.block_compression == Compression::zstd ? TableCodec::zstd
                                                                        : TableCodec::lz4;
  coding.is_ordered_by_job = spec.has_reduce;
  return coding;
}

JobSpec as_written(const RunOptions& options, const JobSpec& spec,
                   const std::vector<RecordFormat>& formats) {
  JobSpec written = spec;
  // Fixed-size records in order are written as they came: a line end would be another byte.
  if (formats.front().kind == RecordFormat::Kind::fixed && spec.total_order &&
      spec.out_kind != OutKind::pair)
    written.out_end = OutEnd::nothing;
  if (options.output_format) format_output(written, *options.output_format);
  return written;
}

}  // namespace mrun
