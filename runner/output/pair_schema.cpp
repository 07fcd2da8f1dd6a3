// Makes the schema of an output's pairs and turns it into JSON and back.
#include "output/pair_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "output/json_text.hpp"

namespace mrun {
namespace {

template <typename Value>
struct Name {
  Value value;
  std::string_view name;
};

constexpr std::array<Name<OutputFormat>, 2> kFormats = {
    {{OutputFormat::table, "table"}, {OutputFormat::kv, "kv"}}};
constexpr std::array<Name<FieldType>, 7> kTypes = {{{FieldType::none, "none"},
                                                    {FieldType::bytes, "bytes"},
                                                    {FieldType::i64, "i64"},
                                                    {FieldType::u64, "u64"},
                                                    {FieldType::f64, "f64"},
                                                    {FieldType::boolean, "bool"},
                                                    {FieldType::file, "file"}}};
constexpr std::array<Name<OutKind>, 3> kKinds = {
    {{OutKind::pair, "pair"}, {OutKind::key, "key"}, {OutKind::value, "value"}}};
constexpr std::array<Name<OutEnd>, 3> kEnds = {
    {{OutEnd::newline, "newline"}, {OutEnd::nothing, "nothing"}, {OutEnd::nul, "nul"}}};
constexpr std::array<Name<PartRule>, 3> kRules = {
    {{PartRule::hash, "hash"}, {PartRule::range, "range"}, {PartRule::any, "any"}}};
constexpr std::array<Name<CombineKind>, 4> kCombines = {{{CombineKind::none, "none"},
                                                         {CombineKind::lanes, "lanes"},
                                                         {CombineKind::fold, "fold"},
                                                         {CombineKind::unique, "unique"}}};
constexpr std::array<Name<LaneOp>, 8> kLanes = {{{LaneOp::sum_u64, "sum_u64"},
                                                 {LaneOp::sum_f64, "sum_f64"},
                                                 {LaneOp::min_u64, "min_u64"},
                                                 {LaneOp::max_u64, "max_u64"},
                                                 {LaneOp::min_i64, "min_i64"},
                                                 {LaneOp::max_i64, "max_i64"},
                                                 {LaneOp::min_f64, "min_f64"},
                                                 {LaneOp::max_f64, "max_f64"}}};
constexpr std::string_view kDescending = " descending";

template <typename Value, std::size_t count>
std::string_view name_of(const std::array<Name<Value>, count>& names, Value value) {
  return std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.value == value; })
      ->name;
}

template <typename Value, std::size_t count>
Value value_of(const std::array<Name<Value>, count>& names, std::string_view text,
               JsonMembers& in) {
  for (const auto& name : names)
    if (name.name == text) return name.value;
  in.require(false);
  return names.front().value;
}

std::string field_text(Field field) {
  return fmt::format("\"{}{}\"", name_of(kTypes, field.type), field.descending ? kDescending : "");
}

Field field_of(std::string_view text, JsonMembers& in) {
  Field field;
  field.descending = text.ends_with(kDescending);
  if (field.descending) text.remove_suffix(kDescending.size());
  field.type = value_of(kTypes, text, in);
  return field;
}

template <typename Items, typename ItemText>
std::string list_text(const Items& items, const ItemText& item_text) {
  std::string text = "[";
  for (const auto& item : items) {
    if (text.size() > 1) text += ", ";
    text += item_text(item);
  }
  return text + "]";
}

bool is_file(Field field) { return field.type == FieldType::file; }

PartRule part_rule(const JobSpec& job) {
  if (job.has_reduce || job.has_partition) return PartRule::any;
  if (job.total_order) return PartRule::range;
  return job.has_group_lens ? PartRule::any : PartRule::hash;
}

}  // namespace

PairSchema pair_schema(OutputFormat format, const JobSpec& written,
                       const std::vector<std::string>& file_names) {
  PairSchema schema;
  schema.format = format;
  schema.from_records = written.has_reduce;
  schema.out_kind = written.out_kind;
  schema.out_end = written.out_end;
  schema.part_rule = part_rule(written);
  if (schema.from_records) {
    schema.key_fields = {{FieldType::bytes}};
    schema.value_field = {FieldType::bytes};
    schema.out_kind = OutKind::pair;
    return schema;
  }
  schema.key_fields = written.key_fields;
  schema.value_field = written.value_field;
  schema.combine = written.combine;
  schema.lanes = written.lanes;
  schema.state_size = written.state_size;
  schema.fold_exact = written.fold_exact;
  if (is_file(schema.value_field) ||
      std::any_of(schema.key_fields.begin(), schema.key_fields.end(), is_file))
    schema.file_names = file_names;
  return schema;
}

JobSpec printed_spec(const PairSchema& schema) {
  JobSpec spec;
  spec.key_fields = schema.key_fields;
  spec.value_field = schema.value_field;
  spec.out_kind = schema.out_kind;
  spec.out_end = schema.out_end;
  spec.has_reduce = schema.from_records;
  return spec;
}

std::string pair_schema_text(const PairSchema& schema) {
  std::string text = fmt::format(
      R"({{"format": "{}", "from": "{}", "key": {}, "value": {}, "kind": "{}", "end": "{}", "parts": "{}")",
      name_of(kFormats, schema.format), schema.from_records ? "records" : "pairs",
      list_text(schema.key_fields, field_text), field_text(schema.value_field),
      name_of(kKinds, schema.out_kind), name_of(kEnds, schema.out_end),
      name_of(kRules, schema.part_rule));
  text += fmt::format(
      R"(, "combine": "{}", "lanes": {}, "state_bytes": {}, "exact": {}, "files": {}}})",
      name_of(kCombines, schema.combine),
      list_text(schema.lanes, [](LaneOp op) { return fmt::format("\"{}\"", name_of(kLanes, op)); }),
      schema.state_size, schema.fold_exact,
      list_text(schema.file_names, [](const std::string& name) { return json_quoted(name); }));
  return text;
}

PairSchema read_pair_schema(const JsonMembers::Json& json, JsonMembers& in) {
  PairSchema schema;
  schema.format = value_of(kFormats, in.text(json, "format"), in);
  const std::string from = in.text(json, "from");
  in.require(from == "records" || from == "pairs");
  schema.from_records = from == "records";
  in.list(json, "key", [&](const JsonMembers::Json& item) {
    schema.key_fields.push_back(field_of(in.text_of(item), in));
  });
  schema.value_field = field_of(in.text(json, "value"), in);
  schema.out_kind = value_of(kKinds, in.text(json, "kind"), in);
  schema.out_end = value_of(kEnds, in.text(json, "end"), in);
  schema.part_rule = value_of(kRules, in.text(json, "parts"), in);
  schema.combine = value_of(kCombines, in.text(json, "combine"), in);
  in.list(json, "lanes", [&](const JsonMembers::Json& item) {
    schema.lanes.push_back(value_of(kLanes, in.text_of(item), in));
  });
  const std::uint64_t state_size = in.number(json, "state_bytes");
  in.require(state_size <= UINT32_MAX);
  schema.state_size = static_cast<std::uint32_t>(state_size);
  schema.fold_exact = in.boolean(json, "exact");
  in.list(json, "files",
          [&](const JsonMembers::Json& item) { schema.file_names.push_back(in.text_of(item)); });
  return schema;
}

}  // namespace mrun
