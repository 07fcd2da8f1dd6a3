// LineIndex: how many lines lie before an offset of a file, for jobs that ask for line numbers.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <unordered_map>

#include "base/result.hpp"
#include "input/input_list.hpp"

namespace mrun {

/// Any thread may call it; calls are served one at a time. Bytes before the furthest offset asked
/// for are read about once, in addition to the job's own reading, so line numbers cost that much.
class LineIndex {
 public:
  /// LFs in the file's first `offset` bytes. Errors: `input`.
  Result<std::uint64_t> newlines_before(const InputFile& file, std::uint32_t ordinal,
                                        std::uint64_t offset);

 private:
  /// Known counts are kept at least this far apart, so that small splits do not fill the memory.
  static constexpr std::uint64_t kStepBytes = std::uint64_t{1} << 20;

  std::mutex mutex_;
  /// Per file: LFs before some offsets.
  std::unordered_map<std::uint32_t, std::map<std::uint64_t, std::uint64_t>> known_;
};

}  // namespace mrun
