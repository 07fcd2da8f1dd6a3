// Counts records from the nearest offset whose count is known.
#include "input/record_index.hpp"

#include <algorithm>
#include <vector>

#include "input/file_identity.hpp"
#include "os/read_file.hpp"

namespace mrun {
namespace {

/// Fits the second-level cache: the bytes are counted and forgotten.
constexpr std::size_t kBufferBytes = std::size_t{128} << 10;

Result<RecordCount> count_on(const InputFile& file, std::uint64_t begin, std::uint64_t end,
                             Delimiter delimiter, RecordCount count) {
  MRUN_TRY_ASSIGN(const ReadFile opened,
                  opened_input(file, ReadFile::open(file.path, Code::input)));
  std::vector<std::uint8_t> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(kBufferBytes, end - begin)));
  for (std::uint64_t at = begin; at < end;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - at));
    MRUN_TRY_ASSIGN(const std::size_t got,
                    opened.read_at(std::as_writable_bytes(std::span(buffer).first(wanted)), at));
    if (got < wanted) return changed_failure(file.path);
    count = count_records(buffer.data(), got, delimiter, count);
    at += got;
  }
  return count;
}

}  // namespace

Result<RecordCount> RecordIndex::before(const InputFile& file, std::uint32_t ordinal,
                                        std::uint64_t offset, Delimiter delimiter) {
  if (offset == 0) return RecordCount{};
  const std::lock_guard lock(mutex_);
  std::map<std::uint64_t, RecordCount>& known = known_[ordinal];
  const auto after = known.upper_bound(offset);
  const auto [from, count] = after == known.begin()
                                 ? std::pair<const std::uint64_t, RecordCount>(0, RecordCount{})
                                 : *std::prev(after);
  MRUN_TRY_ASSIGN(const RecordCount here, count_on(file, from, offset, delimiter, count));
  if (offset - from >= kStepBytes) known.emplace(offset, here);
  return here;
}

}  // namespace mrun
