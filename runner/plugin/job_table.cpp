// Trusts no pointer, length or number of a descriptor before it has been looked at.
#include "plugin/job_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/escape_text.hpp"

namespace mrun {
namespace {

/// Bounds on what a sane job declares: beyond them a list lacks its NULL or a text its NUL.
constexpr std::size_t kListEntriesMax = 1024;
constexpr std::size_t kTextBytesMax = 64 * 1024;
constexpr std::size_t kNameBytesMax = 200;
constexpr std::uint32_t kStateBytesMax = 256;
constexpr std::uint32_t kKeyFieldsMax = 64;

/// Reads one library. Keeps what messages need: the file, and the job that is being read.
class TableReader {
 public:
  explicit TableReader(std::string file) : file_(std::move(file)) {}
  void enter_job(const std::string& job) { job_ = job; }

  Failure broken(const std::string& why) const {
    const std::string job = job_.empty() ? "" : fmt::format(", job '{}'", job_);
    return fail(Code::plugin, fmt::format("'{}'{} breaks the plugin contract: {}", file_, job, why),
                "the contract is described in mrun/plugin.h");
  }

  /// Copies as much of `*source` as both sides know; the rest is zero.
  template <typename T>
  Result<T> read_struct(const T* source, std::string_view what) const {
    T copy{};
    // Every struct of release 1.0 holds more than its size.
    if (source->size < 2 * sizeof(std::uint32_t))
      return broken(fmt::format("{} says that its size is {} bytes", what, source->size));
    std::memcpy(&copy, source, std::min<std::size_t>(source->size, sizeof(T)));
    return copy;
  }

  Result<std::string> read_text(const char* text, std::string_view what) const {
    if (text == nullptr) return std::string();
    const std::size_t length = ::strnlen(text, kTextBytesMax);
    if (length == kTextBytesMax) return broken(fmt::format("{} does not end", what));
    return std::string(text, length);
  }

  Result<std::string> read_name(const char* text, std::string_view what) const {
    MRUN_TRY_ASSIGN(std::string name, read_text(text, what));
    if (name.empty()) return broken(fmt::format("{} is missing", what));
    if (name.size() > kNameBytesMax || name != escape_text(name))
      return broken(
          fmt::format("{} '{}' is too long or holds control characters", what, excerpt_text(name)));
    return name;
  }

  /// Calls `read` with a copy of each struct of a list that ends with NULL.
  template <typename T, typename Read>
  Result<void> read_list(const T* const* list, std::string_view what, Read read) const {
    if (list == nullptr) return {};
    for (std::size_t i = 0; list[i] != nullptr; ++i) {
      if (i == kListEntriesMax) return broken(fmt::format("its list of {}s does not end", what));
      MRUN_TRY_ASSIGN(const T copy, read_struct(list[i], what));
      MRUN_TRY(read(copy));
    }
    return {};
  }

  Result<JobTable> read_job(const mrun_job* source, const PluginTable& plugin);
  Result<void> read_shape(JobTable& job, const mrun_job& shaped) const;

 private:
  Result<void> read_params(JobSpec& spec, const mrun_job& job) const;
  Result<void> read_counters(JobSpec& spec, const mrun_job& job) const;
  Result<void> read_outputs(JobSpec& spec, const mrun_job& job) const;
  Result<void> read_inputs(JobTable& job, const mrun_job& shaped) const;
  Result<void> read_types(JobSpec& spec, const mrun_job& shaped) const;
  Result<void> read_combiner(JobSpec& spec, const mrun_job& shaped) const;
  Result<void> check_whole(const JobTable& job) const;

  std::string file_;
  std::string job_;
};

template <typename List>
bool has_name(const List& list, const std::string& name) {
  return std::any_of(list.begin(), list.end(), [&](const auto& one) { return one.name == name; });
}

FieldType field_type(std::uint32_t type) {
  static_assert(static_cast<int>(FieldType::bytes) == MRUN_T_BYTES &&
                static_cast<int>(FieldType::i64) == MRUN_T_I64 &&
                static_cast<int>(FieldType::u64) == MRUN_T_U64 &&
                static_cast<int>(FieldType::f64) == MRUN_T_F64 &&
                static_cast<int>(FieldType::boolean) == MRUN_T_BOOL &&
                static_cast<int>(FieldType::file) == MRUN_T_FILE);
  return static_cast<FieldType>(type);
}

Result<void> TableReader::read_params(JobSpec& spec, const mrun_job& job) const {
  return read_list(job.params, "parameter", [&](const mrun_param& param) -> Result<void> {
    ParamSpec read;
    MRUN_TRY_ASSIGN(read.name, read_name(param.name, "a parameter's name"));
    MRUN_TRY_ASSIGN(read.help, read_text(param.help, "a parameter's help"));
    MRUN_TRY_ASSIGN(read.default_text, read_text(param.dflt, "a parameter's default"));
    MRUN_TRY_ASSIGN(read.choices, read_text(param.choices, "a parameter's choices"));
    if (read.name.find('=') != std::string::npos || has_name(spec.params, read.name))
      return broken(fmt::format("the parameter '{}' is declared twice or holds '='", read.name));
    if (param.type < MRUN_T_BYTES || param.type > MRUN_T_BOOL)
      return broken(fmt::format("the parameter '{}' has the type {}", read.name, param.type));
    read.type = field_type(param.type);
    read.repeats = (param.flags & MRUN_P_REPEATS) != 0;
    read.is_path = (param.flags & MRUN_P_PATH) != 0;
    read.has_default = param.dflt != nullptr;
    read.required = !read.has_default && !read.repeats;
    spec.params.push_back(std::move(read));
    return {};
  });
}

Result<void> TableReader::read_counters(JobSpec& spec, const mrun_job& job) const {
  return read_list(job.counters, "counter", [&](const mrun_counter& counter) -> Result<void> {
    NamedSpec read;
    MRUN_TRY_ASSIGN(read.name, read_name(counter.name, "a counter's name"));
    MRUN_TRY_ASSIGN(read.help, read_text(counter.help, "a counter's help"));
    if (has_name(spec.counters, read.name))
      return broken(fmt::format("the counter '{}' is declared twice", read.name));
    spec.counters.push_back(std::move(read));
    return {};
  });
}

Result<void> TableReader::read_outputs(JobSpec& spec, const mrun_job& job) const {
  return read_list(job.outputs, "side output", [&](const mrun_output& output) -> Result<void> {
    NamedSpec read;
    MRUN_TRY_ASSIGN(read.name, read_name(output.name, "a side output's name"));
    MRUN_TRY_ASSIGN(read.help, read_text(output.help, "a side output's help"));
    const bool unsafe = read.name.find('/') != std::string::npos ||
                        read.name.find("..") != std::string::npos || read.name == "part" ||
                        read.name.starts_with("part-");
    if (unsafe || has_name(spec.side_outputs, read.name))
      return broken(fmt::format("'{}' cannot name a side output, or names two", read.name));
    spec.side_outputs.push_back(std::move(read));
    return {};
  });
}

Result<void> TableReader::read_inputs(JobTable& job, const mrun_job& shaped) const {
  std::vector<InputSpec>& specs = job.spec.inputs;
  specs.clear();
  job.maps.clear();
  MRUN_TRY(read_list(shaped.inputs, "input", [&](const mrun_input& input) -> Result<void> {
    InputSpec read;
    MRUN_TRY_ASSIGN(read.tag, read_text(input.tag, "an input's tag"));
    MRUN_TRY_ASSIGN(read.help, read_text(input.help, "an input's help"));
    MRUN_TRY_ASSIGN(read.records, read_text(input.format, "an input's format"));
    // A job that takes either gets chunks: the newlines are then searched for once, not twice.
    read.chunks = (input.flags & MRUN_IN_CHUNK) != 0;
    read.line_numbers = (input.flags & MRUN_IN_LINE_NUMBERS) != 0;
    read.header = (input.flags & MRUN_IN_HEADER) != 0;
    specs.push_back(std::move(read));
    job.maps.push_back(input.map != nullptr ? input.map : job.calls.map);
    return {};
  }));
  if (specs.empty()) {
    specs.emplace_back();
    job.maps.push_back(job.calls.map);
  }
  for (const JobTable::Map map : job.maps)
    if (map == nullptr) return broken("it has no map");
  if (specs.size() == 1) return {};
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const std::string& tag = specs[i].tag;
    if (tag.empty() || tag != escape_text(tag) || tag.find_first_of("=/") != std::string::npos)
      return broken(fmt::format("'{}' cannot name an input", excerpt_text(tag)));
    for (std::size_t other = 0; other < i; ++other)
      if (specs[other].tag == tag) return broken(fmt::format("two inputs are named '{}'", tag));
  }
  return {};
}

Result<void> TableReader::read_types(JobSpec& spec, const mrun_job& shaped) const {
  if (shaped.n_key_types > kKeyFieldsMax || (shaped.n_key_types > 0 && shaped.key_types == nullptr))
    return broken(fmt::format("it declares {} key fields", shaped.n_key_types));
  spec.key_fields.clear();
  for (std::uint32_t i = 0; i < shaped.n_key_types; ++i) {
    const std::uint32_t type = shaped.key_types[i];
    if ((type & ~std::uint32_t{MRUN_T_DESCENDING}) > MRUN_T_FILE)
      return broken(fmt::format("key field {} has the type {}", i, type));
    spec.key_fields.push_back(
        {field_type(type & ~std::uint32_t{MRUN_T_DESCENDING}), (type & MRUN_T_DESCENDING) != 0});
  }
  if (shaped.value_type > MRUN_T_FILE)
    return broken(fmt::format("its value has the type {}", shaped.value_type));
  spec.value_field = {field_type(shaped.value_type), false};
  if (shaped.out_kind > MRUN_OUT_VALUE || shaped.out_end > MRUN_END_NUL)
    return broken(
        fmt::format("its out_kind is {}, its out_end {}", shaped.out_kind, shaped.out_end));
  static_assert(static_cast<int>(OutKind::value) == MRUN_OUT_VALUE &&
                static_cast<int>(OutEnd::nothing) == MRUN_END_NOTHING &&
                static_cast<int>(OutEnd::nul) == MRUN_END_NUL);
  spec.out_kind = static_cast<OutKind>(shaped.out_kind);
  spec.out_end = static_cast<OutEnd>(shaped.out_end);
  return {};
}

Result<void> TableReader::read_combiner(JobSpec& spec, const mrun_job& shaped) const {
  static_assert(static_cast<int>(CombineKind::lanes) == MRUN_C_LANES &&
                static_cast<int>(CombineKind::fold) == MRUN_C_FOLD &&
                static_cast<int>(CombineKind::unique) == MRUN_C_UNIQUE &&
                static_cast<int>(LaneOp::sum_u64) == MRUN_LANE_SUM_U64 &&
                static_cast<int>(LaneOp::max_f64) == MRUN_LANE_MAX_F64);
  if (shaped.combine > MRUN_C_UNIQUE)
    return broken(fmt::format("it asks for the combiner {}", shaped.combine));
  spec.combine = spec.map_only ? CombineKind::none : static_cast<CombineKind>(shaped.combine);
  spec.lanes.clear();
  spec.state_size = 0;
  spec.fold_exact = (shaped.flags & MRUN_FOLD_EXACT) != 0;
  if (spec.combine != CombineKind::lanes && spec.combine != CombineKind::fold) return {};

  if (shaped.state_size > kStateBytesMax)
    return fail(Code::usage,
                fmt::format("job '{}' combines states of {} bytes, and {} are the most", job_,
                            shaped.state_size, kStateBytesMax),
                "ask it for fewer combined values at once");
  if (shaped.state_size == 0 || shaped.state_size % 8 != 0)
    return broken(fmt::format("its state_size is {}, no multiple of 8", shaped.state_size));
  spec.state_size = shaped.state_size;
  if (spec.combine == CombineKind::fold) return {};
  if (shaped.lane_ops == nullptr) return broken("it combines lanes and has no lane_ops");
  for (std::uint32_t i = 0; i < shaped.state_size / 8; ++i) {
    if (shaped.lane_ops[i] < MRUN_LANE_SUM_U64 || shaped.lane_ops[i] > MRUN_LANE_MAX_F64)
      return broken(fmt::format("lane {} has the operation {}", i, shaped.lane_ops[i]));
    spec.lanes.push_back(static_cast<LaneOp>(shaped.lane_ops[i]));
  }
  return {};
}

Result<void> TableReader::check_whole(const JobTable& job) const {
  const JobSpec& spec = job.spec;
  if (spec.combine == CombineKind::fold && job.calls.fold == nullptr)
    return broken("it combines by its own fold and has none");
  if (!spec.map_only && !spec.has_reduce && spec.key_fields.empty())
    return broken("it declares neither a reduce nor the types of its key");
  if (spec.map_only && spec.total_order)
    return broken("map only and a total order exclude each other");
  if (spec.total_order && spec.has_partition)
    return broken("a total order and a partition function exclude each other");
  return {};
}

Result<void> TableReader::read_shape(JobTable& job, const mrun_job& shaped) const {
  JobSpec& spec = job.spec;
  if ((shaped.flags & MRUN_ITERATES) != 0)
    return broken("it asks for several rounds, and this mrun runs one");
  if (shaped.entry_layout != 0)
    return broken(fmt::format("it asks for the entry layout {}, and this mrun has only 0",
                              shaped.entry_layout));
  spec.map_only = (shaped.flags & MRUN_MAP_ONLY) != 0;
  spec.total_order = (shaped.flags & MRUN_TOTAL_ORDER) != 0;
  spec.independent_groups = (shaped.flags & MRUN_INDEPENDENT_GROUPS) != 0;
  spec.has_reduce = job.calls.reduce != nullptr && shaped.reduce != nullptr && !spec.map_only;
  spec.has_group_lens = job.calls.group_lens != nullptr && !spec.map_only;
  spec.needs_rows = spec.has_reduce && (shaped.flags & MRUN_NEEDS_ROWS) != 0;
  spec.has_partition = job.calls.partition != nullptr && !spec.map_only;
  if (shaped.partitions > kPartitionsMost)
    return broken(fmt::format("it asks for {} partitions, and {} are the most", shaped.partitions,
                              kPartitionsMost));
  spec.partitions = shaped.partitions;
  MRUN_TRY(read_inputs(job, shaped));
  MRUN_TRY(read_types(spec, shaped));
  MRUN_TRY(read_combiner(spec, shaped));

  // The runner relies on a state's size, and on a typed value's where it prints that itself.
  job.value_bytes = JobTable::kAnySize;
  if (spec.state_size > 0) {
    job.value_bytes = spec.state_size;
  } else if (!spec.has_reduce) {
    job.value_bytes = spec.value_field.type == FieldType::bytes
                          ? JobTable::kAnySize
                          : fixed_bytes(spec.value_field.type);
  }
  return check_whole(job);
}

Result<JobTable> TableReader::read_job(const mrun_job* source, const PluginTable& plugin) {
  JobTable job;
  MRUN_TRY_ASSIGN(job.calls, read_struct(source, "a job"));
  MRUN_TRY_ASSIGN(job.spec.name, read_name(job.calls.name, "a job's name"));
  enter_job(job.spec.name);
  job.spec.version = plugin.version;
  job.spec.built_with = plugin.built_with;
  MRUN_TRY_ASSIGN(job.spec.help, read_text(job.calls.help, "its help"));
  MRUN_TRY(read_params(job.spec, job.calls));
  MRUN_TRY(read_counters(job.spec, job.calls));
  MRUN_TRY(read_outputs(job.spec, job.calls));
  MRUN_TRY(read_shape(job, job.calls));
  return job;
}

}  // namespace

Result<PluginTable> read_plugin_table(const mrun_plugin* plugin, const std::string& file) {
  TableReader reader(file);
  if (plugin == nullptr)
    return fail(
        Code::plugin,
        fmt::format("'{}' says that it cannot run here: its mrun_plugin_v1 returned NULL", file));
  MRUN_TRY_ASSIGN(const mrun_plugin copy, reader.read_struct(plugin, "the library's descriptor"));
  if (copy.abi_min > MRUN_ABI_MINOR)
    return fail(Code::plugin,
                fmt::format("'{}' needs a newer mrun: its contract is {}.{}, this one's {}.{}",
                            file, MRUN_ABI_MAJOR, copy.abi_min, MRUN_ABI_MAJOR, MRUN_ABI_MINOR),
                "build it against this mrun's headers, or run it with a newer mrun");
  PluginTable table;
  MRUN_TRY_ASSIGN(table.name, reader.read_text(copy.name, "the library's name"));
  MRUN_TRY_ASSIGN(table.version, reader.read_text(copy.version, "the library's version"));
  MRUN_TRY_ASSIGN(table.built_with, reader.read_text(copy.built_with, "the compiler's version"));
  for (std::size_t i = 0; copy.jobs != nullptr && copy.jobs[i] != nullptr; ++i) {
    if (i == kListEntriesMax) return reader.broken("its list of jobs does not end");
    MRUN_TRY_ASSIGN(JobTable job, reader.read_job(copy.jobs[i], table));
    if (std::any_of(table.jobs.begin(), table.jobs.end(),
                    [&](const JobTable& other) { return other.spec.name == job.spec.name; }))
      return reader.broken("another job has the same name");
    table.jobs.push_back(std::move(job));
  }
  if (table.jobs.empty()) return reader.broken("it holds no job");
  return table;
}

Result<JobTable> read_shaped_job(const JobTable& declared, const mrun_job& copy,
                                 const std::string& file) {
  TableReader reader(file);
  reader.enter_job(declared.spec.name);
  JobTable job = declared;
  MRUN_TRY(reader.read_shape(job, copy));
  if (job.spec.inputs.size() != declared.spec.inputs.size())
    return reader.broken("its shape changed the number of its inputs");
  return job;
}

}  // namespace mrun
