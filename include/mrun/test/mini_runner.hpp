// MiniRunner: runs a job through its C descriptor on one thread, in the plainest way that is right.
//
// It follows the contract in mrun/plugin.h to the letter and is meaner than the real runner: small
// buffers, small batches of values, and bytes that are freed as soon as the contract allows it, so
// that a sanitizer sees a view that is kept too long.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../plugin.h"
#include "combine.hpp"
#include "cut_text.hpp"
#include "emitter.hpp"
#include "group_feed.hpp"
#include "pair.hpp"
#include "text.hpp"

namespace mrun::test {

struct InputText {
  std::string name;
  std::string text;
  std::uint32_t input = 0;  ///< Which of the job's inputs it belongs to.
};

/// How the runner goes about the work. No choice changes what a right job writes.
struct Way {
  bool chunks = true;              ///< Chunks where the job takes them, else records.
  bool refer = true;               ///< Entries may refer to the input.
  std::size_t batch_records = 4;   ///< Records in a batch or chunk.
  std::size_t split_records = 64;  ///< Records in a map task.
  std::uint32_t entries = 5;       ///< Room in the emitter.
  std::size_t heap_bytes = 4096;
  std::uint32_t values = 3;  ///< Values of a group in a batch.
};

/// Everything a run takes and gives.
struct RunState {
  std::vector<InputText> inputs;
  std::vector<std::pair<std::string, std::string>> params;
  std::uint32_t partitions = 1;  ///< Where the job does not fix its own.
  std::string records;           ///< As `--records`; empty: as the job declares.
  bool skip_header = false;
  Way way;

  mrun_status status = MRUN_OK;
  std::string error;
  std::vector<std::string> outputs;  ///< The main output, then each side output.
  std::vector<std::int64_t> counters;
  std::uint64_t pairs = 0;  ///< Emitted by map, before combining.
};

class MiniRunner {
 public:
  MiniRunner(const mrun_job& job, RunState& state) : job_(job), state_(&state) {}
  MiniRunner(const MiniRunner&) = delete;
  MiniRunner& operator=(const MiniRunner&) = delete;
  ~MiniRunner() {
    if (configured_ && job_.destroy != nullptr) job_.destroy(object_);
  }

  void run() {
    state_->outputs.assign(1 + count(job_.outputs), {});
    state_->counters.assign(count(job_.counters), 0);
    try {
      configure();
      map();
      if ((job_.flags & MRUN_MAP_ONLY) == 0) reduce();
    } catch (const Ended& ended) {
      state_->status = ended.status;
      state_->error = ended.why;
      state_->outputs.assign(state_->outputs.size(), {});
    } catch (const std::exception& error) {
      state_->status = MRUN_FAIL;
      state_->error = std::string("the job broke the contract: ") + error.what();
      state_->outputs.assign(state_->outputs.size(), {});
    }
  }

 private:
  struct Task;
  /// A file taken apart.
  struct Cut {
    std::uint32_t file = 0;
    bool are_lines = false;  ///< May be handed over as chunks.
    bool has_header = false;
    std::string header;
    std::vector<TextRecord> records;
  };

  template <typename T>
  static std::size_t count(const T* const* list) {
    std::size_t n = 0;
    while (list != nullptr && list[n] != nullptr) ++n;
    return n;
  }

  void configure() {
    host_.size = sizeof host_;
    host_.abi_minor = MRUN_ABI_MINOR;
    host_.name = "mrun-test";
    host_.version = "0";
    host_.runner = this;
    host_.log = [](const mrun_host*, int, const char*, std::uint64_t) {};
    host_.file_name = [](const mrun_host* host, std::uint32_t ordinal) {
      const auto& inputs = static_cast<const MiniRunner*>(host->runner)->state_->inputs;
      if (ordinal >= inputs.size()) return mrun_slice{};
      return slice_of(inputs[ordinal].name);
    };
    host_.extension = [](const mrun_host*, const char*) -> const void* { return nullptr; };

    const std::size_t n = count(job_.params);
    for (const auto& [name, value] : state_->params) {
      bool known = false;
      for (std::size_t i = 0; i < n; ++i) known = known || name == job_.params[i]->name;
      if (!known) throw Ended{MRUN_BAD_CONFIG, "the job has no parameter " + name};
    }
    std::vector<std::vector<mrun_slice>> texts(n);
    for (std::size_t i = 0; i < n; ++i) {
      const mrun_param& param = *job_.params[i];
      for (const auto& [name, value] : state_->params)
        if (name == param.name) texts[i].push_back(slice_of(value));
      if (texts[i].empty() && param.dflt != nullptr) texts[i].push_back(slice_of(param.dflt));
      if (texts[i].empty() && (param.flags & MRUN_P_REPEATS) == 0)
        throw Ended{MRUN_BAD_CONFIG, "parameter " + std::string(param.name) + " is required"};
    }
    std::vector<const mrun_slice*> lists(n + 1);
    std::vector<std::uint32_t> sizes(n + 1);
    for (std::size_t i = 0; i < n; ++i) {
      lists[i] = texts[i].data();
      sizes[i] = static_cast<std::uint32_t>(texts[i].size());
    }
    if (job_.partitions != 0) state_->partitions = job_.partitions;
    const mrun_config config{
        sizeof config,      0,      lists.data(), sizes.data(), static_cast<std::uint32_t>(n),
        state_->partitions, nullptr};
    char error[512] = "";
    if (job_.configure != nullptr) {
      const mrun_status status = job_.configure(&host_, &config, &object_, error, sizeof error);
      if (status != MRUN_OK) throw Ended{status, error};
    }
    configured_ = true;
    if (job_.shape != nullptr) {
      if (const mrun_status status = job_.shape(object_, &job_); status != MRUN_OK)
        throw Ended{status, "shape failed"};
      if (job_.partitions != 0) state_->partitions = job_.partitions;
    }
  }

  const mrun_input* declared_input(std::uint32_t index) const {
    return index < count(job_.inputs) ? job_.inputs[index] : nullptr;
  }
  std::string format_of(std::uint32_t input) const {
    if (!state_->records.empty()) return state_->records;
    const mrun_input* const declared = declared_input(input);
    return declared != nullptr && declared->format != nullptr ? declared->format : "lines";
  }
  bool has_fixed_records() const { return format_of(0).rfind("fixed:", 0) == 0; }

  Cut cut(std::uint32_t file) {
    const InputText& input = state_->inputs[file];
    const std::string format = format_of(input.input);
    const mrun_input* const declared = declared_input(input.input);
    Cut cut{file, format == "lines", state_->skip_header, {}, cut_text(input.text, format)};
    if (declared != nullptr && (declared->flags & MRUN_IN_HEADER) != 0) cut.has_header = true;
    if (cut.has_header && !cut.records.empty()) {
      cut.header = input.text.substr(cut.records[0].offset, cut.records[0].size);
      cut.records.erase(cut.records.begin());
    }
    return cut;
  }

  void map();
  void map_split(const Cut& cut, std::size_t begin, std::size_t end);
  void map_batch(Task& task, const Cut& cut, std::size_t begin, std::size_t end);
  std::uint32_t partition_of(const std::string& key);
  std::string group_of(const std::string& key) const;
  void reduce();
  void reduce_partition(const std::vector<Pair>& pairs);
  void write_pairs(const std::vector<Pair>& pairs);

  mrun_job job_;  // a copy, for `shape` may change it
  RunState* state_;
  mrun_host host_{};
  void* object_ = nullptr;
  bool configured_ = false;
  std::vector<Pair> emitted_;
};

/// One attempt: a worker object, and what it writes and counts, which count only when it succeeds.
struct MiniRunner::Task {
  Task(MiniRunner& the_runner, bool emits)
      : runner(&the_runner),
        collector(the_runner.state_->way.entries, the_runner.state_->way.heap_bytes),
        outputs(the_runner.state_->outputs.size()),
        counters(the_runner.state_->counters.size() + 1) {
    ctx.size = sizeof ctx;
    ctx.runner = this;
    ctx.emit = emits ? collector.emitter() : nullptr;
    ctx.write = [](mrun_worker_ctx* c, std::uint32_t output, const mrun_slice* fields,
                   std::uint32_t n) {
      auto& task = *static_cast<Task*>(c->runner);
      for (std::uint32_t i = 0; i < n; ++i) task.append(output, fields[i], i != 0);
      return task.end_record(output);
    };
    ctx.write_part = [](mrun_worker_ctx* c, std::uint32_t output, mrun_slice bytes,
                        std::uint32_t last) {
      auto& task = *static_cast<Task*>(c->runner);
      task.append(output, bytes, false);
      return last != 0 ? task.end_record(output) : MRUN_OK;
    };
    rows.size = sizeof rows;
    rows.runner = this;
    rows.append = [](mrun_rows* r, mrun_slice row) {
      static_cast<Task*>(r->runner)->row_texts.emplace_back(reinterpret_cast<const char*>(row.data),
                                                            static_cast<std::size_t>(row.size));
      return mrun_status{MRUN_OK};
    };
    rows.next = [](mrun_rows* r, mrun_slice* row, std::uint32_t* has) {
      auto& task = *static_cast<Task*>(r->runner);
      // A copy that dies with the next call, so that a kept view is found.
      *has = task.next_row < task.row_texts.size() ? 1 : 0;
      task.current_row = std::vector<char>();
      if (*has == 0) return mrun_status{MRUN_OK};
      const std::string& text = task.row_texts[task.next_row++];
      task.current_row.assign(text.begin(), text.end());
      *row = slice_of({task.current_row.data(), task.current_row.size()});
      return mrun_status{MRUN_OK};
    };
    rows.rewind = [](mrun_rows* r) {
      static_cast<Task*>(r->runner)->next_row = 0;
      return mrun_status{MRUN_OK};
    };
    rows.clear = [](mrun_rows* r) {
      static_cast<Task*>(r->runner)->row_texts.clear();
      static_cast<Task*>(r->runner)->next_row = 0;
      return mrun_status{MRUN_OK};
    };
    if (!emits && (runner->job_.flags & MRUN_NEEDS_ROWS) != 0) ctx.rows = &rows;
    ctx.counters = counters.data();
    ctx.cancelled = &cancelled;
    ctx.at = &at;
    ctx.fail = [](mrun_worker_ctx* c, mrun_status, const char* message, std::uint64_t size) {
      auto& task = *static_cast<Task*>(c->runner);
      if (task.said.empty()) task.said.assign(message, static_cast<std::size_t>(size));
    };
    if (runner->job_.open == nullptr) return;
    const mrun_status status = runner->job_.open(runner->object_, &ctx, &worker);
    if (status != MRUN_OK) throw Ended{status, said};
    opened = true;
  }
  ~Task() {
    if (opened && runner->job_.close != nullptr) runner->job_.close(worker);
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  void append(std::uint32_t output, mrun_slice bytes, bool tab) {
    if (tab) outputs.at(output).push_back('\t');
    if (bytes.size != 0)
      outputs.at(output).append(reinterpret_cast<const char*>(bytes.data),
                                static_cast<std::size_t>(bytes.size));
  }
  mrun_status end_record(std::uint32_t output) {
    if (runner->job_.out_end != MRUN_END_NOTHING)
      outputs.at(output).push_back(runner->job_.out_end == MRUN_END_NUL ? '\0' : '\n');
    return MRUN_OK;
  }

  void check(mrun_status status) {
    if (!collector.broken.empty()) throw std::runtime_error(collector.broken);
    if (status != MRUN_OK) throw Ended{status, said};
  }
  void adopt() {
    for (std::size_t i = 0; i < outputs.size(); ++i) runner->state_->outputs[i] += outputs[i];
    for (std::size_t i = 0; i < runner->state_->counters.size(); ++i)
      runner->state_->counters[i] += counters[i];
  }

  MiniRunner* runner;
  PairCollector collector;
  std::vector<std::string> outputs;
  std::vector<std::int64_t> counters;
  std::string said;
  std::int32_t cancelled = 0;
  const std::uint8_t* at = nullptr;
  mrun_rows rows{};
  std::vector<std::string> row_texts;
  std::size_t next_row = 0;
  std::vector<char> current_row;
  mrun_worker_ctx ctx{};
  void* worker = nullptr;
  bool opened = false;
};

inline void MiniRunner::map() {
  std::uint32_t inputs = static_cast<std::uint32_t>(count(job_.inputs));
  if (inputs == 0) inputs = 1;
  for (std::uint32_t input = 0; input < inputs; ++input)
    for (std::uint32_t file = 0; file < state_->inputs.size(); ++file) {
      if (state_->inputs[file].input != input) continue;
      const Cut records = cut(file);
      const std::size_t size = records.records.size();
      for (std::size_t at = 0; at < size; at += state_->way.split_records)
        map_split(records, at, std::min(size, at + state_->way.split_records));
    }
}

inline void MiniRunner::map_split(const Cut& cut, std::size_t begin, std::size_t end) {
  Task task(*this, (job_.flags & MRUN_MAP_ONLY) == 0);
  for (std::size_t at = begin; at < end; at += state_->way.batch_records)
    map_batch(task, cut, at, std::min(end, at + state_->way.batch_records));
  if (job_.task_end != nullptr) task.check(job_.task_end(task.worker));
  task.check(task.collector.take());
  task.adopt();
  state_->pairs += task.collector.pairs.size();
  for (Pair& pair : combined(std::move(task.collector.pairs), job_, object_))
    emitted_.push_back(std::move(pair));
}

inline void MiniRunner::map_batch(Task& task, const Cut& cut, std::size_t begin, std::size_t end) {
  const std::string& text = state_->inputs[cut.file].text;
  const std::vector<TextRecord>& records = cut.records;
  const std::uint64_t first = records[begin].offset;
  const std::uint64_t last = records[end - 1].offset + records[end - 1].size;
  const std::uint64_t size =
      std::min<std::uint64_t>(text.size(), last + (cut.are_lines ? 1 : 0)) - first;
  // A copy that dies with the call, so that a kept view is found; with `refer` the input itself.
  std::vector<char> copy(static_cast<std::size_t>(size) + MRUN_INPUT_PADDING, 'x');
  std::memcpy(copy.data(), text.data() + first, static_cast<std::size_t>(size));
  const char* bytes = copy.data();
  if (state_->way.refer) {
    state_->inputs[cut.file].text.reserve(text.size() + MRUN_INPUT_PADDING);
    bytes = text.data() + first;
    task.collector.offer({bytes, static_cast<std::size_t>(size)});
  }

  const mrun_input* const input = declared_input(state_->inputs[cut.file].input);
  const std::uint32_t flags =
      input != nullptr && input->flags != 0 ? input->flags : std::uint32_t{MRUN_IN_RECORDS};
  const bool as_chunk = cut.are_lines && (flags & MRUN_IN_CHUNK) != 0 &&
                        (state_->way.chunks || (flags & MRUN_IN_RECORDS) == 0);
  std::vector<mrun_slice> slices;
  std::vector<std::uint64_t> offsets;
  for (std::size_t i = begin; i < end; ++i) {
    slices.push_back({reinterpret_cast<const std::uint8_t*>(bytes) + (records[i].offset - first),
                      records[i].size});
    offsets.push_back(records[i].offset);
  }
  const std::vector<char> header(cut.header.begin(), cut.header.end());  // dies with the call
  mrun_batch batch{};
  batch.size = sizeof batch;
  if (as_chunk) {
    batch.chunk = {reinterpret_cast<const std::uint8_t*>(bytes), size};
  } else {
    batch.n = static_cast<std::uint32_t>(end - begin);
    batch.records = slices.data();
    batch.offsets = offsets.data();
  }
  batch.offset = first;
  const std::uint64_t before = begin + (cut.has_header ? 1 : 0);
  batch.first_line = (flags & MRUN_IN_LINE_NUMBERS) != 0 ? before + 1 : 0;
  batch.file = cut.file;
  batch.input = state_->inputs[cut.file].input;
  batch.header = slice_of({header.data(), header.size()});
  const auto map_function = input != nullptr && input->map != nullptr ? input->map : job_.map;
  task.check(map_function(task.worker, &batch));
  task.check(task.collector.take());
  task.collector.offer({});
}

inline std::string MiniRunner::group_of(const std::string& key) const {
  if (job_.group_lens == nullptr) return key;
  const mrun_slice bytes = slice_of(key);
  std::uint32_t length = 0;
  job_.group_lens(object_, 1, &bytes, &length);
  if (length > key.size()) throw std::runtime_error("group_lens gave more than the key's length");
  return key.substr(0, length);
}

inline std::uint32_t MiniRunner::partition_of(const std::string& key) {
  if (state_->partitions == 1) return 0;
  std::uint32_t partition = 0;
  if (job_.partition != nullptr) {
    const mrun_slice bytes = slice_of(key);
    job_.partition(object_, 1, &bytes, state_->partitions, &partition);
    if (partition >= state_->partitions)
      throw std::runtime_error("partition gave a number that is too large");
  } else if ((job_.flags & MRUN_TOTAL_ORDER) == 0) {
    std::uint64_t hash = 14695981039346656037u;  // FNV-1a
    for (const char byte : group_of(key))
      hash = (hash ^ static_cast<std::uint8_t>(byte)) * 1099511628211u;
    partition = static_cast<std::uint32_t>(hash % state_->partitions);
  }
  return partition;
}

inline void MiniRunner::reduce() {
  std::vector<std::vector<Pair>> partitions(state_->partitions);
  for (Pair& pair : combined(std::move(emitted_), job_, object_)) {
    const std::uint32_t partition = partition_of(pair.key);
    partitions[partition].push_back(std::move(pair));
  }
  for (std::vector<Pair>& pairs : partitions) {
    // std::string compares its bytes as unsigned; equal keys stay in input order.
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](const Pair& a, const Pair& b) { return a.key < b.key; });
    if (job_.reduce != nullptr)
      reduce_partition(pairs);
    else
      write_pairs(pairs);
  }
}

inline void MiniRunner::reduce_partition(const std::vector<Pair>& pairs) {
  std::optional<Task> task;
  for (std::size_t begin = 0; begin < pairs.size();) {
    // Independent groups may be reduced by different workers, so here each one is.
    if (!task || (job_.flags & MRUN_INDEPENDENT_GROUPS) != 0) {
      if (task) task->adopt();
      task.emplace(*this, false);
    }
    const std::string group = group_of(pairs[begin].key);
    std::size_t end = begin + 1;
    while (end < pairs.size() && group_of(pairs[end].key) == group) ++end;
    const std::span<const Pair> all = pairs;
    GroupFeed feed(all.subspan(begin, end - begin), state_->way.values, job_.group_lens != nullptr,
                   (job_.flags & MRUN_GROUP_STRIDED) != 0 && state_->way.chunks);
    task->check(job_.reduce(task->worker, feed.group()));
    begin = end;
  }
  if (task) task->adopt();
}

inline void MiniRunner::write_pairs(const std::vector<Pair>& pairs) {
  std::vector<std::string> names;
  for (const InputText& input : state_->inputs) names.push_back(input.name);
  for (const Pair& pair : pairs) {
    std::vector<std::string> fields;
    if (job_.out_kind != MRUN_OUT_VALUE)
      fields = key_texts(pair.key, job_.key_types, job_.n_key_types, names);
    if (job_.out_kind != MRUN_OUT_KEY)
      for (std::string& text : value_texts(pair.value, job_.value_type, names))
        fields.push_back(std::move(text));
    std::string& output = state_->outputs[0];
    for (std::size_t i = 0; i < fields.size(); ++i) output += (i == 0 ? "" : "\t") + fields[i];
    const bool raw = job_.out_end == MRUN_END_NOTHING ||
                     (has_fixed_records() && (job_.flags & MRUN_TOTAL_ORDER) != 0 &&
                      job_.out_kind != MRUN_OUT_PAIR);
    if (!raw) output.push_back(job_.out_end == MRUN_END_NUL ? '\0' : '\n');
  }
}

}  // namespace mrun::test
