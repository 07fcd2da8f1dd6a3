// A sort buffer with random records in it, for the tests of sorting and spilling.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "shuffle/emits.hpp"
#include "shuffle/partitioner.hpp"
#include "shuffle/sort_buffer.hpp"

namespace mrun::test_support {

// Long shared beginnings, so that more than the first 88 bits decide.
inline std::string common_prefix_key(Random& random) {
  std::string key(random.pick(std::vector<std::size_t>{5, 11, 12, 22, 30, 60}), 'p');
  key += hard_key(random);
  return key;
}

inline Records emitted_records(Random& random, std::size_t count, std::uint32_t tasks) {
  const std::uint64_t kind = random.below(4);
  Records records;
  for (std::size_t i = 0; i < count; ++i) {
    std::string key = kind == 0   ? common_prefix_key(random)
                      : kind == 1 ? std::string(random.below(3) * 9, 'k')
                                  : hard_key(random);
    records.push_back(
        {std::move(key), random_value(random, 20), static_cast<std::uint32_t>(i * tasks / count)});
  }
  return records;  // Tasks rise, as a worker's do.
}

/// A sort buffer, and what its entries refer to.
struct FilledBuffer {
  explicit FilledBuffer(std::uint32_t partitions, JobSpec spec = {})
      : job(std::move(spec)), partitioner(job, partitions), buffer(memory, partitioner) {}

  void fill(const Records& records, Random& random) {
    for (std::size_t begin = 0; begin < records.size();) {
      std::size_t end = begin + 1 + random.below(2000);
      end = std::min(end, records.size());
      while (records[end - 1].task != records[begin].task) --end;
      const Records part(records.begin() + static_cast<std::ptrdiff_t>(begin),
                         records.begin() + static_cast<std::ptrdiff_t>(end));
      emits.push_back(std::make_unique<Emits>(
          part, random.one_in(2) ? Emits::Kind::referred : Emits::Kind::copied));
      buffer.begin_task(records[begin].task);
      ASSERT_EQ(buffer.accept(emits.back()->batch()), end - begin);
      begin = end;
    }
  }

  /// Of all lists, one after another.
  std::vector<EntrySpan> spans() {
    std::vector<EntrySpan> all;
    for (std::size_t list = 0; list < buffer.list_count(); ++list)
      for (const EntrySpan& span : buffer.list(list)) all.push_back(span);
    return all;
  }

  SpecJob job;
  MemoryBudget budget{std::size_t{256} << 20};
  SortMemory memory{budget};
  Partitioner partitioner;
  SortBuffer buffer;
  std::vector<std::unique_ptr<Emits>> emits;  // What entries refer to.
};

inline Records sorted(Records records) {
  std::stable_sort(records.begin(), records.end(), before);
  return records;
}

inline std::uint32_t partition_of(const Partitioner& partitioner, const Record& record) {
  const Pair pair = pair_of(record);
  std::uint32_t part = 0;
  partitioner.assign(std::span(&pair, 1), std::span(&part, 1));
  return part;
}

}  // namespace mrun::test_support
