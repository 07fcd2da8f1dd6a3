// Emitted batches made from records, a job without code, and a sink that keeps what it gets.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/user_code.hpp"
#include "shuffle/entry_block.hpp"
#include "shuffle/records.hpp"

namespace mrun::test_support {

/// Records as an emitter lays them out: inline where they fit, else in a heap, or as references to
/// bytes that the batch itself keeps.
class Emits {
 public:
  enum class Kind { copied, referred };

  explicit Emits(const Records& records, Kind kind = Kind::copied) : records_(records) {
    for (const Record& record : records_) {
      const Pair pair = pair_of(record);
      Entry entry{pair.k0, pair.k1, pair.klen, pair.vlen, 0};
      if (kind == Kind::referred) {
        refer(record, entry);
      } else if (pair.klen <= kPrefixBytes && pair.vlen <= 8) {
        if (pair.vlen != 0) std::memcpy(&entry.v, pair.value, pair.vlen);
      } else {
        entry.vlen |= static_cast<std::uint32_t>(EntryKind::heap) << 28;
        entry.v = heap_.size() * 8;
        std::string bytes = record.value;
        if (pair.klen > kPrefixBytes) bytes += record.key.substr(kPrefixBytes);
        const std::size_t words = (bytes.size() + 7) / 8;
        heap_.resize(heap_.size() + words);
        std::memcpy(heap_.data() + heap_.size() - words, bytes.data(), bytes.size());
      }
      entries_.push_back(entry);
    }
  }
  EntryBatch batch() const {
    return {entries_, reinterpret_cast<const std::uint8_t*>(heap_.data()), heap_.size() * 8};
  }

 private:
  // The value, then the key, in one string: the entry points at the value, or at a lone key.
  void refer(const Record& record, Entry& entry) {
    referred_.push_back(
        std::make_unique<std::string>(record.value + record.key + std::string(64, '\0')));
    const auto address = reinterpret_cast<std::uintptr_t>(referred_.back()->data());
    const std::uint64_t distance = record.value.size();
    entry.v = address | (distance << 48);
    entry.vlen |= static_cast<std::uint32_t>(EntryKind::ref_key) << 28;
  }

  Records records_;
  std::vector<Entry> entries_;
  std::vector<std::uint64_t> heap_;
  std::vector<std::unique_ptr<std::string>> referred_;
};

/// A job whose values are added up.
inline JobSpec summing_spec() {
  JobSpec spec;
  spec.combine = CombineKind::lanes;
  spec.lanes = {LaneOp::sum_u64};
  spec.state_size = 8;
  return spec;
}

/// A job of which only the spec matters. Its fold is state = 3 * state + value on 8 bytes, which
/// depends on order; its groups are the key's first byte where has_group_lens.
class SpecJob : public UserCode {
 public:
  explicit SpecJob(JobSpec spec = {}) : spec_(std::move(spec)) {}

  const JobSpec& spec() const override { return spec_; }
  Result<std::unique_ptr<MapAttempt>> open_map(const AttemptContext&, std::uint64_t) override {
    return fail(Code::plugin, "this job has no map");
  }
  Result<std::unique_ptr<ReduceAttempt>> open_reduce(const AttemptContext&,
                                                     std::uint64_t) override {
    return fail(Code::plugin, "this job has no reduce");
  }
  void fold(std::span<void* const> states, std::span<const void* const> values) const override {
    for (std::size_t i = 0; i < states.size(); ++i) {
      auto* const state =
          static_cast<std::uint64_t*>(states[i]);  // Both are promised to be 8-aligned.
      *state = 3 * *state + *static_cast<const std::uint64_t*>(values[i]);
    }
  }
  void group_lens(std::span<const Slice> keys, std::span<std::uint32_t> lens) const override {
    for (std::size_t i = 0; i < keys.size(); ++i) lens[i] = keys[i].size == 0 ? 0 : 1;
  }
  void partition(std::span<const Slice> keys, std::uint32_t partitions,
                 std::span<std::uint32_t> out) const override {
    for (std::size_t i = 0; i < keys.size(); ++i)
      out[i] = static_cast<std::uint32_t>(keys[i].size) % partitions;
  }

 private:
  JobSpec spec_;
};

inline std::string number_bytes(std::uint64_t number) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}
inline std::uint64_t bytes_number(const std::string& bytes) {
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

/// Keeps every pair, in the order it came.
class KeepingSink final : public EntrySink {
 public:
  Records records;

  void begin_batch(const std::shared_ptr<const void>&) override {}
  Result<void> accept(const EntryBatch& batch) override {
    for (const Entry& entry : batch.entries)
      records.push_back(record_of(emitted_pair(entry, batch.heap)));
    return {};
  }
  Result<void> accept_big(Slice key, Slice value) override {
    records.push_back({std::string(key.view()), std::string(value.view()), 0});
    return {};
  }
  Result<void> hold(std::uint64_t) override { return {}; }
};

}  // namespace mrun::test_support
