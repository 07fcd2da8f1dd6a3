// UserCode: a job's own functions as the rest of the runner calls them: per batch, never per
// record.
//
// `runner/plugin` implements these interfaces over the C contract; tests implement them directly.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/stop_flag.hpp"
#include "model/entry.hpp"
#include "model/job_spec.hpp"
#include "model/record_batch.hpp"

namespace mrun {

/// Takes emitted pairs. One per task attempt; used by one thread at a time.
class EntrySink {
 public:
  virtual ~EntrySink() = default;
  /// Before the batches that one record batch gives rise to: `ref` entries among them point into
  /// bytes that stay in place while a copy of `owner` lives. Null: no entry refers.
  virtual void begin_batch(const std::shared_ptr<const void>& owner) = 0;
  virtual Result<void> accept(const EntryBatch& batch) = 0;
  /// A pair that does not fit an emitter's heap or the 28-bit lengths of an entry.
  virtual Result<void> accept_big(Slice key, Slice value) = 0;
  /// Charges `bytes` in place of what the attempt held before, until it ends: memory that the job
  /// puts pairs together in. Code::limit where there is no room.
  virtual Result<void> hold(std::uint64_t bytes) = 0;
};

/// Takes output records: output 0 is the job's main output, 1.. its declared side outputs.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  /// One record: fields joined by TAB, ended by the job's record end.
  virtual Result<void> write(std::uint32_t output, std::span<const Slice> fields) = 0;
  /// Bytes of a long record, in pieces; `last` ends it.
  virtual Result<void> write_part(std::uint32_t output, Slice bytes, bool last) = 0;
};

/// Rows that a reduce puts aside and reads again. One thread at a time.
class RowList {
 public:
  virtual ~RowList() = default;
  virtual Result<void> append(Slice row) = 0;
  /// The next row, valid until the next call; nothing behind the last one.
  virtual Result<std::optional<Slice>> next() = 0;
  virtual void rewind() = 0;
  virtual void clear() = 0;
};

/// What an attempt writes to. All references outlive the attempt.
struct AttemptContext {
  EntrySink* entries = nullptr;  ///< Null in reduce.
  RecordSink* records = nullptr;
  RowList* rows = nullptr;           ///< In reduce of a job that needs them.
  std::span<std::int64_t> counters;  ///< One per declared counter; the attempt's own.
  const StopFlag* stop = nullptr;
};

/// One attempt of a map task, or of a reduce task. Destroying it closes the job's worker object.
class MapAttempt {
 public:
  virtual ~MapAttempt() = default;
  /// Maps the batch. An error names the record (file, offset, excerpt) that user code was at.
  virtual Result<void> map(const RecordBatch& batch) = 0;
  /// After the last batch of a split that succeeded; may emit. Flushes the emitter.
  virtual Result<void> finish() = 0;
  /// Pairs given to the context's sink so far.
  virtual std::uint64_t emitted_pairs() const = 0;
};

/// The values of one key in input order, handed out in batches.
class GroupValues {
 public:
  virtual ~GroupValues() = default;
  /// The next values; empty at the end of the group. Views live until the next call.
  virtual Result<std::span<const Slice>> more() = 0;
  /// Full keys of the values of the last batch, where groups go by a prefix of the key; else empty.
  virtual std::span<const Slice> keys() const = 0;
};

class ReduceAttempt {
 public:
  virtual ~ReduceAttempt() = default;
  /// Reduces one group. `key`: the whole key (of the first value, where a prefix groups); valid
  /// for the call. The job may leave values unread.
  virtual Result<void> reduce(Slice key, std::span<const Slice> first_values,
                              GroupValues& values) = 0;
  /// After the last group of a partition or piece.
  virtual Result<void> finish() = 0;
};

/// What a run tells a job when it configures it.
struct JobConfig {
  std::uint32_t partitions = 1;
  /// Input names by ordinal, as the user named them; outlives the job.
  std::span<const std::string> file_names;
};

/// A configured job: shared by all threads, read-only.
class UserCode {
 public:
  virtual ~UserCode() = default;
  virtual const JobSpec& spec() const = 0;

  /// `task`: shown in messages ("map task 17").
  virtual Result<std::unique_ptr<MapAttempt>> open_map(const AttemptContext& context,
                                                       std::uint64_t task) = 0;
  virtual Result<std::unique_ptr<ReduceAttempt>> open_reduce(const AttemptContext& context,
                                                             std::uint64_t task) = 0;

  /// Folds `values[i]` into `states[i]` in index order; states may repeat; at most 64 at once.
  virtual void fold(std::span<void* const> states, std::span<const void* const> values) const = 0;
  /// Bytes of each key that group and partition. Only where spec().has_group_lens.
  virtual void group_lens(std::span<const Slice> keys, std::span<std::uint32_t> lens) const = 0;
  /// The partition of each key. Only where spec().has_partition.
  virtual void partition(std::span<const Slice> keys, std::uint32_t partitions,
                         std::span<std::uint32_t> out) const = 0;
  /// What `fold`, `group_lens` or `partition` met and could not return: asked before the commit.
  virtual Result<void> fault() const { return {}; }
};

/// Bytes of a key that all of its group share.
inline std::uint32_t group_size(const UserCode& job, Slice key) {
  const auto whole = static_cast<std::uint32_t>(key.size);
  std::uint32_t size = whole;
  if (job.spec().has_group_lens) job.group_lens(std::span(&key, 1), std::span(&size, 1));
  return size < whole ? size : whole;
}

/// A job that is loaded but not yet configured.
class JobFactory {
 public:
  virtual ~JobFactory() = default;
  /// What the job declares before its parameters are known.
  virtual const JobSpec& declared() const = 0;
  /// Builds the job's shared state from its parameters (configure, then shape). Errors: `usage` for
  /// a wrong parameter, `plugin` for a throw or a broken contract.
  virtual Result<std::unique_ptr<UserCode>> configure(const JobConfig& config) = 0;
};

}  // namespace mrun
