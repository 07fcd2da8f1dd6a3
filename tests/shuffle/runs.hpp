// Writing and reading whole runs, for the tests of runs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/check.hpp"
#include "base/memory_budget.hpp"
#include "shuffle/records.hpp"
#include "shuffle/run_reader.hpp"
#include "shuffle/run_writer.hpp"

namespace mrun::test_support {

using Partitions = std::map<std::uint32_t, Records>;

/// Writes one run; each partition goes in with several calls.
inline Result<Run> write_run(MemoryBudget& budget, StorageFile& file, std::uint64_t offset,
                             std::size_t block_bytes, const Partitions& partitions,
                             const SpillPacking& packing = {}) {
  MRUN_TRY_ASSIGN(RunWriter writer, RunWriter::create(budget, file, offset, block_bytes, packing));
  for (const auto& [partition, records] : partitions) {
    const std::vector<Pair> pairs = pairs_of(records);
    std::span<const Pair> rest(pairs);
    for (std::size_t count = 1; !rest.empty(); count = count * 3 + 1) {
      count = std::min(count, rest.size());
      MRUN_TRY(writer.add(partition, rest.first(count)));
      rest = rest.subspan(count);
    }
  }
  return writer.finish();
}

inline Result<Records> read_partition(MemoryBudget& budget, const Run& run, std::uint32_t partition,
                                      const KeyRange& range = {}) {
  PagePool pool(budget);
  MRUN_TRY_ASSIGN(const auto cursor,
                  RunCursor::open(budget, pool, std::span(&run, 1), partition, range));
  MRUN_TRY_ASSIGN(Records records, drain(*cursor));
  MRUN_CHECK(cursor->pairs_delivered() == records.size());
  return records;
}

/// What `run` holds of the partitions that `partitions` names.
inline Result<Partitions> read_run(MemoryBudget& budget, const Run& run,
                                   const Partitions& partitions) {
  Partitions read;
  for (const auto& [partition, records] : partitions) {
    MRUN_TRY_ASSIGN(read[partition], read_partition(budget, run, partition));
  }
  return read;
}

/// What of `records` lies in `range`.
inline Records within(const Records& records, const KeyRange& range) {
  Records kept;
  for (const Record& record : records)
    if ((!range.has_low || !before(record, {range.low, "", range.low_task})) &&
        (!range.has_high || before(record, {range.high, "", range.high_task})))
      kept.push_back(record);
  return kept;
}

}  // namespace mrun::test_support
