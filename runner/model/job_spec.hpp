// JobSpec: what a job declares about itself, as the rest of the runner sees it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mrun {

/// Type of a key field or value. Keys are stored in an order-preserving encoding (see
/// include/mrun/codec.hpp), values as fixed little-endian numbers or raw bytes.
enum class FieldType : std::uint8_t { none = 0, bytes, i64, u64, f64, boolean, file };
/// Bytes of a field's encoding, in a key and as a value; 0 for `none`, and for `bytes`, which have
/// any number.
inline std::size_t fixed_bytes(FieldType type) {
  switch (type) {
    case FieldType::none:
    case FieldType::bytes:
      return 0;
    case FieldType::boolean:
      return 1;
    case FieldType::file:
      return 4;
    case FieldType::i64:
    case FieldType::u64:
    case FieldType::f64:
      return 8;
  }
  return 0;
}

struct Field {
  FieldType type = FieldType::none;
  bool descending = false;
};

enum class CombineKind : std::uint8_t { none = 0, lanes, fold, unique };
enum class LaneOp : std::uint8_t {
  sum_u64 = 1,
  sum_f64,
  min_u64,
  max_u64,
  min_i64,
  max_i64,
  min_f64,
  max_f64
};

/// What a job without a reduce of its own writes of each pair.
enum class OutKind : std::uint8_t { pair = 0, key, value };
enum class OutEnd : std::uint8_t { newline = 0, nothing, nul };

struct ParamSpec {
  std::string name, help, default_text, choices;
  FieldType type = FieldType::bytes;
  bool required = false, repeats = false, is_path = false;
  bool has_default = false;  ///< Then `default_text` is one, an empty one too.
};
struct NamedSpec {  ///< A counter or a side output.
  std::string name, help;
};

/// One of a job's inputs, and how the job wants its records.
struct InputSpec {
  std::string tag, help;  ///< `tag` names it where there are several; may be empty.
  std::string records;    ///< The format's text, such as "lines"; empty: lines.
  bool chunks = false;    ///< Whole-record chunks instead of record spans.
  bool line_numbers = false;
  bool header = false;  ///< The first record of each file names the fields.
};

/// Most parts of an output: each is a file, and beyond this the folder itself becomes the problem.
inline constexpr std::uint32_t kPartitionsMost = 65'536;

struct JobSpec {
  std::string name, help, version, built_with;
  std::vector<ParamSpec> params;
  std::vector<NamedSpec> counters;
  std::vector<NamedSpec> side_outputs;

  std::vector<Field> key_fields;
  Field value_field;
  OutKind out_kind = OutKind::pair;
  OutEnd out_end = OutEnd::newline;

  bool map_only = false;
  bool total_order = false;
  bool independent_groups = false;
  bool has_reduce = false;
  bool has_group_lens = false;  ///< Groups and partitions go by a prefix of the key.
  bool has_partition = false;   ///< The job has a partition function of its own.
  bool needs_rows = false;      ///< Its reduce puts rows aside to read them again.

  CombineKind combine = CombineKind::none;
  std::vector<LaneOp> lanes;  ///< For CombineKind::lanes: one per 8 bytes of state.
  std::uint32_t state_size =
      0;                    ///< Bytes of a value while it is combined; 8..256, a multiple of 8.
  bool fold_exact = false;  ///< For CombineKind::fold: the job promises `folds_exactly`.

  std::uint32_t partitions = 0;                               ///< 0: from the input's size.
  std::vector<InputSpec> inputs = std::vector<InputSpec>(1);  ///< At least one.

  /// States of one key become one, by lanes or by the job's fold.
  bool folds() const { return combine == CombineKind::lanes || combine == CombineKind::fold; }
  /// Any order and grouping of folds gives the same bits, so folds may cross tasks, spills, merges.
  bool folds_exactly() const {
    if (combine == CombineKind::fold) return fold_exact;
    return combine == CombineKind::lanes &&
           std::find(lanes.begin(), lanes.end(), LaneOp::sum_f64) == lanes.end();
  }
};

}  // namespace mrun
