// scan_output, count_records: a range of an output's keys, in order over all of its parts.
#pragma once

#include <cstdint>
#include <functional>

#include "base/stop_flag.hpp"
#include "query/table_output.hpp"
#include "shuffle/pair.hpp"

namespace mrun {

/// The keys that begin with `prefix`.
KeyRange range_of_prefix(const std::string& prefix);

struct ScanRequest {
  KeyRange range;
  bool is_reverse = false;
  std::uint64_t records_most = UINT64_MAX;
};

struct ScanStats {
  ReadStats reads;
  std::uint64_t records = 0;       ///< That were handed over.
  std::uint64_t parts_asked = 0;   ///< Those that the manifest does not rule out.
  std::uint64_t filtered = 0;      ///< Of them, those whose index alone said no.
  std::uint64_t read_in_vain = 0;  ///< Of them, those where a block was read and had no such key.
};

/// Hands the pairs of the range to `take` in order of their keys; those of one key by part, then in
/// stored order; in reverse all of it the other way round. `take` returns false to end the scan.
/// Errors: those of TableOutput and of `take`; a stop is Code::cancelled.
Result<ScanStats> scan_output(TableOutput& output, const ScanRequest& request, const StopFlag& stop,
                              const std::function<Result<bool>(Slice key, Slice value)>& take);

struct CountedRecords {
  std::uint64_t records = 0;
  ReadStats reads;
};
/// How many pairs the range has, found in the parts' indexes: reads at most two blocks of a part,
/// and none for all pairs, but opens every part that may hold some. Errors: those of TableOutput.
Result<CountedRecords> count_records(TableOutput& output, const KeyRange& range);

}  // namespace mrun
