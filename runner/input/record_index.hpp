// RecordIndex: how many records lie before an offset of a file, and whether it lies between quotes.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>

#include "base/result.hpp"
#include "input/delimiters.hpp"
#include "input/input_list.hpp"

namespace mrun {

/// For jobs that ask for line numbers, and for CSV, which can be cut only where the quotes before
/// are known. Any thread may call it; calls are served one at a time. Bytes before the furthest
/// offset asked for are read about once, in addition to the job's own reading.
class RecordIndex {
 public:
  /// What the file's first `offset` bytes hold. Errors: `input`.
  Result<RecordCount> before(const InputFile& file, std::uint32_t ordinal, std::uint64_t offset,
                             Delimiter delimiter);

 private:
  /// Known counts are kept at least this far apart, so that small splits do not fill the memory.
  static constexpr std::uint64_t kStepBytes = std::uint64_t{1} << 20;

  std::mutex mutex_;
  /// Per file: what lies before some offsets.
  std::unordered_map<std::uint32_t, std::map<std::uint64_t, RecordCount>> known_;
};

}  // namespace mrun
