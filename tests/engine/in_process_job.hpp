// Jobs without a library: a run's user code as plain C++, and the slow model of what it writes.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.hpp"
#include "model/user_code.hpp"
#include "shuffle/emits.hpp"
#include "shuffle/partitioner.hpp"

namespace mrun::test_support {

enum class JobShape : std::uint8_t {
  count,    ///< Word and the sum of its appearances, combined as a lane.
  join,     ///< Word and the offsets of the lines it stands in, in input order, by a reduce.
  copy,     ///< Map-only: each line is a record.
  expand,   ///< Map-only: each word of each line is a pair.
  sort,     ///< Each line, in byte order.
  arrange,  ///< Each line's first word and the rest of it, in order of the words.
};

/// What a test may change of the user code; each is called from any thread.
struct JobHooks {
  /// Before a record is mapped.
  std::function<Result<void>(std::string_view line, std::uint64_t offset)> before_record;
  /// Given what an attempt would emit to, returns what it emits to instead.
  std::function<std::unique_ptr<EntrySink>(EntrySink&)> wrap_entries;
  /// Whether a reduce leaves out the value of this number in its group.
  std::function<bool(std::uint64_t value)> skips_value;
};

/// A job's shape and size.
struct InProcessSpec {
  JobShape shape = JobShape::count;
  std::size_t key_padding = 0;    ///< Bytes that every key gets more, to fill memory.
  std::size_t value_padding = 0;  ///< `join`: the same for every value; the reduce drops them.
  bool total_order = false;       ///< Parts are ranges of keys.
  std::uint64_t repeats = 1;      ///< Emits of each word. `join`: each with a number of its own.
};

inline Slice slice_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

template <typename Take>
void for_each_word(std::string_view line, const Take& take) {
  for (std::size_t begin = 0; begin < line.size();) {
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    if (end > begin) take(line.substr(begin, end - begin));
    begin = end + 1;
  }
}

inline std::string padded_key(std::string_view word, std::size_t padding) {
  return std::string(word) + std::string(padding, '.');
}

/// One attempt of any of the maps: emits in batches small enough for every sink.
class InProcessMap final : public MapAttempt {
 public:
  InProcessMap(const InProcessSpec& spec, const JobHooks& hooks, const AttemptContext& context)
      : spec_(spec), hooks_(hooks), context_(context), entries_(context.entries) {
    if (!hooks.wrap_entries) return;
    wrapped_ = hooks.wrap_entries(*context.entries);
    entries_ = wrapped_.get();
  }

  Result<void> map(const RecordBatch& batch) override {
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      const std::string_view line = batch.records[i].view();
      if (hooks_.before_record) MRUN_TRY(hooks_.before_record(line, batch.offsets[i]));
      MRUN_TRY(map_record(line, batch.offsets[i]));
    }
    return flush();
  }
  Result<void> finish() override { return flush(); }
  std::uint64_t emitted_pairs() const override { return emitted_pairs_; }

 private:
  Result<void> map_record(std::string_view line, std::uint64_t offset) {
    if (spec_.shape == JobShape::copy) {
      const Slice field = slice_of(line);
      return context_.records->write(0, std::span(&field, 1));
    }
    if (spec_.shape == JobShape::sort) return emit(std::string(line), {});
    if (spec_.shape == JobShape::arrange) {
      const std::size_t end = std::min(line.find(' '), line.size());
      return emit(std::string(line.substr(0, end)),
                  std::string(line.substr(std::min(end + 1, line.size()))));
    }
    Result<void> outcome;
    for_each_word(line, [&](std::string_view word) {
      for (std::uint64_t i = 0; outcome && i < spec_.repeats; ++i)
        outcome = emit(padded_key(word, spec_.key_padding), value(offset, i));
    });
    return outcome;
  }
  std::string value(std::uint64_t offset, std::uint64_t repeat) const {
    if (spec_.shape != JobShape::join) return number_bytes(1);
    std::string text = std::to_string(offset);
    if (spec_.repeats > 1) text += "." + std::to_string(repeat);
    return text + std::string(spec_.value_padding, '#');
  }
  Result<void> emit(std::string key, std::string value) {
    constexpr std::size_t kBatchRecords = 200;
    constexpr std::size_t kBatchBytes = std::size_t{48} << 10;
    bytes_ += key.size() + value.size() + 8;
    records_.push_back({std::move(key), std::move(value), 0});
    return records_.size() == kBatchRecords || bytes_ >= kBatchBytes ? flush() : Result<void>();
  }
  Result<void> flush() {
    if (records_.empty()) return {};
    const Emits emits(records_);
    emitted_pairs_ += records_.size();
    records_.clear();
    bytes_ = 0;
    return entries_->accept(emits.batch());
  }

  const InProcessSpec& spec_;
  const JobHooks& hooks_;
  AttemptContext context_;
  std::unique_ptr<EntrySink> wrapped_;
  EntrySink* entries_;
  Records records_;
  std::size_t bytes_ = 0;
  std::uint64_t emitted_pairs_ = 0;
};

/// Joins the values of a group by commas.
class InProcessReduce final : public ReduceAttempt {
 public:
  InProcessReduce(const JobHooks& hooks, const AttemptContext& context)
      : hooks_(hooks), context_(context) {}

  Result<void> reduce(Slice key, std::span<const Slice> first_values,
                      GroupValues& values) override {
    std::string joined;
    std::uint64_t number = 0;
    for (std::span<const Slice> batch = first_values; !batch.empty();) {
      for (const Slice& value : batch) {
        if (hooks_.skips_value && hooks_.skips_value(number++)) continue;
        if (!joined.empty()) joined += ',';
        const std::string_view text = value.view();
        joined += text.substr(0, text.find('#'));
      }
      MRUN_TRY_ASSIGN(batch, values.more());
    }
    const Slice fields[] = {key, slice_of(joined)};
    return context_.records->write(0, fields);
  }
  Result<void> finish() override { return {}; }

 private:
  const JobHooks& hooks_;
  AttemptContext context_;
};

inline JobSpec job_spec(const InProcessSpec& wanted) {
  JobSpec spec;
  spec.name = "in-process";
  spec.key_fields = {{FieldType::bytes, false}};
  const bool has_texts = wanted.shape == JobShape::join || wanted.shape == JobShape::arrange;
  spec.value_field = {has_texts ? FieldType::bytes : FieldType::u64, false};
  if (wanted.shape == JobShape::sort) {
    spec.value_field = {};
    spec.out_kind = OutKind::key;
  }
  spec.map_only = wanted.shape == JobShape::copy || wanted.shape == JobShape::expand;
  spec.has_reduce = wanted.shape == JobShape::join;
  spec.independent_groups = true;
  spec.total_order = wanted.total_order;
  if (wanted.shape == JobShape::count) {
    spec.combine = CombineKind::lanes;
    spec.lanes = {LaneOp::sum_u64};
    spec.state_size = 8;
  }
  return spec;
}

class InProcessJob final : public SpecJob {
 public:
  InProcessJob(const InProcessSpec& wanted, const JobHooks& hooks)
      : SpecJob(job_spec(wanted)), wanted_(wanted), hooks_(hooks) {}

  Result<std::unique_ptr<MapAttempt>> open_map(const AttemptContext& context,
                                               std::uint64_t) override {
    return std::unique_ptr<MapAttempt>(std::make_unique<InProcessMap>(wanted_, hooks_, context));
  }
  Result<std::unique_ptr<ReduceAttempt>> open_reduce(const AttemptContext& context,
                                                     std::uint64_t) override {
    return std::unique_ptr<ReduceAttempt>(std::make_unique<InProcessReduce>(hooks_, context));
  }

 private:
  const InProcessSpec wanted_;
  const JobHooks hooks_;
};

class InProcessFactory final : public JobFactory {
 public:
  explicit InProcessFactory(const InProcessSpec& wanted, JobHooks hooks = {})
      : wanted_(wanted), hooks_(std::move(hooks)), declared_(job_spec(wanted)) {}

  const JobSpec& declared() const override { return declared_; }
  Result<std::unique_ptr<UserCode>> configure(const JobConfig&) override {
    return std::unique_ptr<UserCode>(std::make_unique<InProcessJob>(wanted_, hooks_));
  }

 private:
  const InProcessSpec wanted_;
  const JobHooks hooks_;
  const JobSpec declared_;
};

/// The bytes of each part of the job's output for one file of `text`. A map-only job's borders
/// between parts are its own affair: its whole output is given as one part.
inline std::vector<std::string> model_parts(const InProcessSpec& spec, std::string_view text,
                                            std::uint32_t partitions) {
  std::map<std::string, std::uint64_t> counts;
  std::map<std::string, std::string> joins;
  std::string records;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (spec.shape == JobShape::copy) records += std::string(line) + "\n";
    for_each_word(line, [&](std::string_view word) {
      const std::string key = padded_key(word, spec.key_padding);
      counts[key] += spec.repeats;
      for (std::uint64_t i = 0; i < spec.repeats; ++i) {
        if (spec.shape == JobShape::expand) records += key + "\t1\n";
        if (spec.shape != JobShape::join) continue;
        std::string& joined = joins[key];
        if (!joined.empty()) joined += ',';
        joined += std::to_string(begin);
        if (spec.repeats > 1) joined += "." + std::to_string(i);
      }
    });
    begin = end + 1;
  }
  if (spec.shape == JobShape::copy || spec.shape == JobShape::expand) return {records};
  std::vector<std::string> parts(partitions);
  for (const auto& [key, count] : counts) {
    std::string& part = parts[Partitioner::of_hash(hash64(key.data(), key.size()), partitions)];
    part += key + "\t";
    part += spec.shape == JobShape::count ? std::to_string(count) : joins[key];
    part += "\n";
  }
  return parts;
}

}  // namespace mrun::test_support
