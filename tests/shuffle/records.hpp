// Records as plain strings, sources of them, and a file in memory, for the tests of runs and
// merges.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "os/storage.hpp"
#include "shuffle/pair.hpp"
#include "support/random.hpp"

namespace mrun::test_support {

/// A pair that owns its bytes. std::string compares as unsigned bytes, which is the order of keys.
struct Record {
  std::string key;
  std::string value;
  std::uint32_t task = 0;

  bool operator==(const Record&) const = default;
};
using Records = std::vector<Record>;

inline bool before(const Record& a, const Record& b) {
  return std::tie(a.key, a.task) < std::tie(b.key, b.task);
}

/// A view of `record`.
inline Pair pair_of(const Record& record) {
  const auto* key = reinterpret_cast<const std::uint8_t*>(record.key.data());
  const KeyPrefix prefix = key_prefix({key, record.key.size()});
  Pair pair;
  pair.k0 = prefix.k0;
  pair.k1 = prefix.k1;
  pair.klen = static_cast<std::uint32_t>(record.key.size());
  pair.vlen = static_cast<std::uint32_t>(record.value.size());
  pair.tail = record.key.size() > kPrefixBytes ? key + kPrefixBytes : nullptr;
  pair.value = reinterpret_cast<const std::uint8_t*>(record.value.data());
  pair.task = record.task;
  return pair;
}

inline std::vector<Pair> pairs_of(const Records& records) {
  std::vector<Pair> pairs;
  for (const Record& record : records) pairs.push_back(pair_of(record));
  return pairs;
}

inline Record record_of(const Pair& pair) {
  std::vector<std::uint8_t> key(std::max<std::size_t>(pair.klen, kPrefixBytes));
  copy_key(pair, key.data());
  return {std::string(key.begin(), key.begin() + pair.klen),
          std::string(reinterpret_cast<const char*>(pair.value), pair.vlen), pair.task};
}

/// Everything that a source still has, or its error.
inline Result<Records> drain(PairSource& source) {
  Records records;
  for (;;) {
    MRUN_TRY_ASSIGN(const auto batch, source.next());
    if (batch.empty()) return records;
    for (const Pair& pair : batch) records.push_back(record_of(pair));
  }
}

/// Hands out records in batches of random size. Each batch lies in memory of its own that is freed
/// by the next call, so that a sanitizer sees who looks at a batch too late.
class ListSource final : public PairSource {
 public:
  ListSource(Records records, std::uint64_t batch_max, std::uint64_t seed)
      : records_(std::move(records)), batch_max_(batch_max), random_(seed) {}

  Result<std::span<const Pair>> next() override {
    const std::size_t count =
        std::min<std::size_t>(random_.between(1, batch_max_), records_.size() - given_);
    const auto first = records_.begin() + static_cast<std::ptrdiff_t>(given_);
    batch_ = std::make_unique<Records>(first, first + static_cast<std::ptrdiff_t>(count));
    pairs_ = std::make_unique<std::vector<Pair>>(pairs_of(*batch_));
    given_ += count;
    return std::span<const Pair>(*pairs_);
  }

 private:
  Records records_;
  std::uint64_t batch_max_;
  Random random_;
  std::size_t given_ = 0;
  std::unique_ptr<Records> batch_;
  std::unique_ptr<std::vector<Pair>> pairs_;
};

/// A StorageFile whose bytes a test may look at and damage.
class MemoryFile final : public StorageFile {
 public:
  std::string bytes;

  Result<void> write_at(std::span<const std::byte> from, std::uint64_t offset) override {
    if (bytes.size() < offset + from.size()) bytes.resize(offset + from.size());
    std::memcpy(bytes.data() + offset, from.data(), from.size());
    ++writes;
    return {};
  }
  Result<void> read_at(std::span<std::byte> to, std::uint64_t offset) override {
    if (offset > bytes.size() || to.size() > bytes.size() - offset)
      return fail(Code::integrity, "memory-file is cut");
    if (!to.empty()) std::memcpy(to.data(), bytes.data() + offset, to.size());
    read_bytes += to.size();
    return {};
  }
  void start_writeback(std::uint64_t, std::uint64_t) override {}
  Result<void> sync() override { return {}; }
  Result<void> close() override { return {}; }
  const std::string& name() const override { return name_; }

  std::size_t writes = 0;
  std::uint64_t read_bytes = 0;

 private:
  std::string name_ = "memory-file";
};

/// Keys that are hard to tell apart: short ones over {NUL, a, 0xff}, and lengths around the 16
/// bytes of a prefix with beginnings in common.
inline std::string hard_key(Random& random) {
  static const std::vector<std::size_t> lengths = {0, 0,  1,  1,  2,  3,  7, 8,
                                                   9, 15, 16, 17, 18, 24, 40};
  const std::size_t length = random.pick(lengths);
  std::string key(length, random.one_in(2) ? 'a' : random.one_in(2) ? '\0' : '\xff');
  for (std::size_t i = 0; i < length; ++i)
    if (i + 3 >= length || random.one_in(10)) key[i] = "\0a\xff"[random.below(3)];
  return key;
}

inline std::string random_value(Random& random, std::size_t size_max) {
  std::string value(random.below(size_max + 1), '\0');
  const std::uint64_t letters = random.one_in(2) ? 256 : 2;
  for (char& byte : value) byte = static_cast<char>(random.below(letters));
  return value;
}

/// Sorted records with many equal keys.
inline Records random_records(Random& random, std::size_t count, std::size_t value_max,
                              std::uint32_t tasks) {
  Records records;
  for (std::size_t i = 0; i < count; ++i)
    records.push_back({hard_key(random), random_value(random, value_max),
                       static_cast<std::uint32_t>(random.below(tasks))});
  std::stable_sort(records.begin(), records.end(), before);
  return records;
}

}  // namespace mrun::test_support
