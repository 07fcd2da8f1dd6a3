// `mrun info`: a job's declarations in words.
#include <fmt/format.h>

#include <vector>

#include "base/escape_text.hpp"
#include "cli/commands.hpp"
#include "cli/job_finder.hpp"

namespace mrun {
namespace {

std::string_view type_name(FieldType type) {
  switch (type) {
    case FieldType::none:
      return "nothing";
    case FieldType::bytes:
      return "bytes";
    case FieldType::i64:
      return "i64";
    case FieldType::u64:
      return "u64";
    case FieldType::f64:
      return "f64";
    case FieldType::boolean:
      return "bool";
    case FieldType::file:
      return "file";
  }
  return "?";
}

std::string_view lane_name(LaneOp op) {
  switch (op) {
    case LaneOp::sum_u64:
      return "sum u64";
    case LaneOp::sum_f64:
      return "sum f64";
    case LaneOp::min_u64:
      return "min u64";
    case LaneOp::max_u64:
      return "max u64";
    case LaneOp::min_i64:
      return "min i64";
    case LaneOp::max_i64:
      return "max i64";
    case LaneOp::min_f64:
      return "min f64";
    case LaneOp::max_f64:
      return "max f64";
  }
  return "?";
}

std::string key_text(const JobSpec& job) {
  std::vector<std::string> fields;
  for (const Field& field : job.key_fields)
    fields.push_back(
        fmt::format("{}{}", type_name(field.type), field.descending ? " (descending)" : ""));
  if (fields.empty()) return "bytes";
  return fmt::format("{}", fmt::join(fields, ", "));
}

std::string combiner_text(const JobSpec& job) {
  switch (job.combine) {
    case CombineKind::none:
      return "none";
    case CombineKind::unique:
      return "unique values";
    case CombineKind::fold:
      return fmt::format("its own, {} bytes{}", job.state_size,
                         job.fold_exact ? "" : ", result may depend on --memory and --split-size");
    case CombineKind::lanes:
      break;
  }
  std::vector<std::string_view> names;
  for (const LaneOp op : job.lanes) names.push_back(lane_name(op));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string reduce_text(const JobSpec& job) {
  if (job.map_only) return "none: map writes the output";
  if (!job.has_reduce) return "none: every pair is written";
  std::string text = "its own";
  if (job.has_group_lens) text += ", groups by a prefix of the key";
  if (job.independent_groups) text += ", groups are independent";
  return text;
}

std::string output_text(const JobSpec& job) {
  std::string text;
  if (!job.map_only && !job.has_reduce) {
    text = job.out_kind == OutKind::key     ? "the key"
           : job.out_kind == OutKind::value ? "the value"
                                            : "key TAB value";
    text += ", ";
  }
  text += job.out_end == OutEnd::newline ? "lines"
          : job.out_end == OutEnd::nul   ? "ended by NUL"
                                         : "raw";
  if (job.partitions > 0)
    text += fmt::format(", {} partition{}", job.partitions, job.partitions == 1 ? "" : "s");
  return text;
}

std::string order_text(const JobSpec& job) {
  if (job.map_only) return "of the input";
  if (job.total_order) return "one sorted sequence over all parts";
  return job.has_partition ? "by key within each part; parts by the job's own rule"
                           : "by key within each part; parts by hash";
}

void add_line(std::string& text, std::string_view label, const std::string& value) {
  if (!value.empty()) text += fmt::format("  {:<10} {}\n", label, escape_text(value));
}

std::string param_text(const ParamSpec& param) {
  std::string what(type_name(param.type));
  if (param.is_path) what = "path";
  if (!param.choices.empty()) what = "one of " + param.choices;
  if (param.required) {
    what += ", required";
  } else if (param.has_default) {
    what += fmt::format(", default '{}'", param.default_text);
  }
  if (param.repeats) what += ", may be repeated";
  return param.help.empty() ? what : fmt::format("{}: {}", what, param.help);
}

std::string job_text(const JobSpec& job, const Plugin& plugin) {
  std::string text = escape_text(job.name);
  if (!job.version.empty()) text += " " + escape_text(job.version);
  text += job.help.empty() ? "\n" : ": " + escape_text(job.help) + "\n";
  add_line(text, "library", plugin.real_path());
  add_line(text, "built with", job.built_with);
  const auto records = [](const InputSpec& input) {
    return input.records.empty() ? std::string("lines") : input.records;
  };
  if (job.inputs.size() == 1) {
    add_line(text, "records", records(job.inputs.front()));
  } else {
    for (const InputSpec& input : job.inputs)
      add_line(text, "input",
               fmt::format("{}=PATH, {}{}{}", input.tag, records(input),
                           input.help.empty() ? "" : ": ", input.help));
  }
  if (!job.map_only) {
    add_line(text, "key", key_text(job));
    add_line(text, "value", std::string(type_name(job.value_field.type)));
    add_line(text, "combiner", combiner_text(job));
  }
  add_line(text, "reduce", reduce_text(job));
  add_line(text, "order", order_text(job));
  add_line(text, "output", output_text(job));

  if (!job.params.empty()) text += "\nparameters (-D NAME=VALUE)\n";
  for (const ParamSpec& param : job.params)
    add_line(text, escape_text(param.name), param_text(param));
  const auto add_names = [&](std::string_view title, const std::vector<NamedSpec>& names) {
    if (!names.empty()) text += fmt::format("\n{}\n", title);
    for (const NamedSpec& name : names)
      text += fmt::format("  {:<10} {}\n", escape_text(name.name), escape_text(name.help));
  };
  add_names("counters", job.counters);
  add_names("side outputs (files NAME-00000 ...)", job.side_outputs);
  return text;
}

}  // namespace

Result<void> info_command(const RawInfo& raw, const CommandContext& context) {
  const Console& console = context.console;
  const auto log = [&console](int level, std::string_view text) {
    if (level <= 1) print_note(console, "job", text);
  };
  if (!split_job_name(raw.job).job.empty()) {
    MRUN_TRY_ASSIGN(const FoundJob found, find_job(raw.job, context.job_folder, log));
    return print_text(console, job_text(found.plugin.spec(found.index), found.plugin));
  }
  MRUN_TRY_ASSIGN(const std::string library, find_library(raw.job, context.job_folder));
  MRUN_TRY_ASSIGN(const Plugin plugin, Plugin::load(library, log));
  std::string text;
  for (std::size_t i = 0; i < plugin.job_count(); ++i) {
    if (i > 0) text += '\n';
    text += job_text(plugin.spec(i), plugin);
  }
  return print_text(console, text);
}

}  // namespace mrun
