// A job whose calls are set by each test, called through the C contract as the engine would.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plugin/plugin_job.hpp"

namespace mrun::plugin_test {

/// Keeps what an attempt gave away, as copies.
class KeptEntries final : public EntrySink {
 public:
  void begin_batch(const std::shared_ptr<const void>&) override {}
  Result<void> accept(const EntryBatch& batch) override {
    ++batches;
    if (error) return Failure{*error};
    for (const Entry& entry : batch.entries) pairs.push_back(copy(entry, batch));
    return {};
  }
  Result<void> accept_big(Slice key, Slice value) override {
    if (error) return Failure{*error};
    pairs.emplace_back(key.view(), value.view());
    return {};
  }
  Result<void> hold(std::uint64_t bytes) override {
    held_bytes = bytes;
    if (error) return Failure{*error};
    return {};
  }

  std::vector<std::pair<std::string, std::string>> pairs;
  std::size_t batches = 0;
  std::uint64_t held_bytes = 0;
  std::optional<Error> error;  ///< What the next calls return.

 private:
  static std::pair<std::string, std::string> copy(const Entry& entry, const EntryBatch& batch) {
    std::string key;
    for (std::uint32_t i = 0; i < std::min(entry.key_size(), 16u); ++i)
      key += static_cast<char>((i < 8 ? entry.k0 : entry.k1) >> (56 - 8 * (i % 8)));
    const std::size_t size = entry.value_size();
    const auto text = [](const void* bytes, std::size_t count) {
      return std::string(static_cast<const char*>(bytes), count);
    };
    switch (entry.kind()) {
      case EntryKind::inline_value:
        return {key, text(&entry.v, size)};
      case EntryKind::heap: {
        const std::uint8_t* at = batch.heap + entry.v;
        if (entry.key_size() > 16) key += text(at + size, entry.key_size() - 16);
        return {key, text(at, size)};
      }
      case EntryKind::ref:
        return {key, text(reinterpret_cast<const void*>(entry.v), size)};
      case EntryKind::ref_key:
        break;
    }
    const auto* at = reinterpret_cast<const char*>(entry.v & ((std::uint64_t{1} << 48) - 1));
    const auto distance = static_cast<std::int16_t>(entry.v >> 48);
    return {std::string(at + distance, entry.key_size()), std::string(at, size)};
  }
};

class KeptRecords final : public RecordSink {
 public:
  Result<void> write(std::uint32_t output, std::span<const Slice> fields) override {
    std::string record = std::to_string(output);
    for (const Slice& field : fields) record += "|" + std::string(field.view());
    records.push_back(record);
    return {};
  }
  Result<void> write_part(std::uint32_t output, Slice bytes, bool last) override {
    records.push_back(std::to_string(output) + (last ? "." : "+") + std::string(bytes.view()));
    return {};
  }
  std::vector<std::string> records;
};

/// The functions of the job. What is empty returns MRUN_OK.
struct Calls {
  std::function<mrun_status(mrun_worker_ctx*)> open = {};
  std::function<mrun_status(mrun_worker_ctx*, const mrun_batch*)> map = {};
  std::function<mrun_status(mrun_worker_ctx*)> task_end = {};
  std::function<mrun_status(mrun_worker_ctx*, mrun_group*)> reduce = {};
  std::function<void()> close = {};
  std::function<mrun_status(const mrun_host*, const mrun_config*, char*, std::uint64_t)> configure =
      {};
};

/// One job, its library's table, and one run of it. `calls` is found through a static pointer, for
/// a C function has no other way to a test's lambdas.
class TestJob {
 public:
  explicit TestJob(Calls calls) : calls_(std::move(calls)) {
    current() = &calls_;
    job.size = sizeof(job);
    job.name = "tested";
    job.key_types = &kBytes;
    job.n_key_types = 1;
    job.value_type = MRUN_T_BYTES;
    job.configure = &configure_call;
    job.open = &open_call;
    job.map = &map_call;
    job.task_end = &task_end_call;
    job.reduce = &reduce_call;
    job.close = [](void*) {
      if (current()->close) current()->close();
    };
  }
  TestJob(const TestJob&) = delete;
  TestJob& operator=(const TestJob&) = delete;

  Result<std::unique_ptr<UserCode>> configure(ParamValues values = {}) {
    const mrun_job* jobs[] = {&job, nullptr};
    const mrun_plugin plugin{sizeof(mrun_plugin), 0, 0, 0, "library", "1", "gcc", jobs};
    MRUN_TRY_ASSIGN(PluginTable table, read_plugin_table(&plugin, "test.so"));
    values.resize(table.jobs[0].spec.params.size());
    factory_ = std::make_unique<PluginJob>(std::move(table.jobs[0]), "test.so", std::move(values),
                                           nullptr);
    MRUN_TRY_ASSIGN(auto code, factory_->configure({4, names}));
    counters.assign(code->spec().counters.size(), 0);
    return code;
  }
  AttemptContext context() { return {&entries, &records, nullptr, counters, &stop}; }

  /// Configures, and maps lines that lie in memory which stays if `owned`.
  Result<void> map_lines(const std::string& text, bool owned = true, bool end = true) {
    MRUN_TRY_ASSIGN(const auto code, configure());
    MRUN_TRY_ASSIGN(const auto attempt, code->open_map(context(), 17));
    const auto kept = std::make_shared<const std::string>(text);
    RecordBatch batch;
    batch.chunk = {reinterpret_cast<const std::uint8_t*>(kept->data()), kept->size()};
    batch.offset = 1000;
    batch.size_bytes = text.size();
    if (owned) batch.owner = kept;
    lasting_ = kept;
    MRUN_TRY(attempt->map(batch));
    return end ? attempt->finish() : Result<void>();
  }

  mrun_job job{};
  std::vector<std::string> names{"in/a.txt"};
  KeptEntries entries;
  KeptRecords records;
  std::vector<std::int64_t> counters;
  StopFlag stop;

 private:
  static constexpr std::uint8_t kBytes = MRUN_T_BYTES;

  static Calls*& current() {
    static Calls* calls = nullptr;
    return calls;
  }
  static mrun_status configure_call(const mrun_host* host, const mrun_config* config, void**,
                                    char* error, std::uint64_t cap) {
    return current()->configure ? current()->configure(host, config, error, cap)
                                : mrun_status{MRUN_OK};
  }
  static mrun_status open_call(void*, mrun_worker_ctx* context, void** worker) {
    *worker = context;
    return current()->open ? current()->open(context) : mrun_status{MRUN_OK};
  }
  static mrun_status map_call(void* worker, const mrun_batch* batch) {
    return current()->map ? current()->map(static_cast<mrun_worker_ctx*>(worker), batch)
                          : mrun_status{MRUN_OK};
  }
  static mrun_status task_end_call(void* worker) {
    return current()->task_end ? current()->task_end(static_cast<mrun_worker_ctx*>(worker))
                               : mrun_status{MRUN_OK};
  }
  static mrun_status reduce_call(void* worker, mrun_group* group) {
    return current()->reduce ? current()->reduce(static_cast<mrun_worker_ctx*>(worker), group)
                             : mrun_status{MRUN_OK};
  }

  Calls calls_;
  std::unique_ptr<PluginJob> factory_;
  std::shared_ptr<const void> lasting_;
};

inline void expect_failure(const Result<void>& result, Code code,
                           const std::vector<std::string>& words) {
  ASSERT_FALSE(result);
  const std::string said = result.error().message + " at " + result.error().place;
  EXPECT_EQ(result.error().code, code) << said;
  for (const std::string& word : words)
    EXPECT_NE(said.find(word), std::string::npos) << word << " in " << said;
}

}  // namespace mrun::plugin_test
