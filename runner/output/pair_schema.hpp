// PairSchema: what the manifest of a `table` or `kv` output says of its pairs, so that they can be
// looked up, printed as the job would print them, and merged with those of another run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/job_spec.hpp"
#include "model/run_options.hpp"
#include "output/json_members.hpp"

namespace mrun {

/// In which part of the output a key lies.
enum class PartRule : std::uint8_t {
  hash,   ///< In the one of the high half of XXH3-64(key, seed 0) × parts.
  range,  ///< Parts are ranges of keys, in order.
  any,    ///< The job alone knows: its own partition function, a prefix that it groups by, or its
          ///< reduce decides. The bounds of the parts (PartInfo) still hold.
};

struct PairSchema {
  OutputFormat format = OutputFormat::table;
  /// The job's own reduce wrote records: a record's first field is the key and what follows the
  /// first TAB the value, both text; a record without a TAB has no value. Else key and value are
  /// the encodings of the declared types, and values are combined states where the job combines.
  bool from_records = false;
  std::vector<Field> key_fields;
  Field value_field;
  OutKind out_kind = OutKind::pair;
  OutEnd out_end = OutEnd::newline;
  PartRule part_rule = PartRule::hash;

  CombineKind combine = CombineKind::none;
  std::vector<LaneOp> lanes;
  std::uint32_t state_size = 0;
  bool fold_exact = false;

  /// The input files' names by ordinal, where a field of key or value is a file; else none.
  std::vector<std::string> file_names;
};

/// Of an output of a job whose records are written as `written` says. `format`: table or kv.
PairSchema pair_schema(OutputFormat format, const JobSpec& written,
                       const std::vector<std::string>& file_names);

/// What formats pairs of the schema as text (PairFormatter): the fields, how a record is written,
/// and whether a reduce of the job's own wrote it. Nothing else of it is set.
JobSpec printed_spec(const PairSchema& schema);

/// The schema as JSON on one line.
std::string pair_schema_text(const PairSchema& schema);
PairSchema read_pair_schema(const JsonMembers::Json& json, JsonMembers& in);

}  // namespace mrun
