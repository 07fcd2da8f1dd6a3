// Counts lines from the nearest offset whose count is known.
#include "input/line_index.hpp"

#include <algorithm>
#include <vector>

#include "input/file_identity.hpp"
#include "input/newlines.hpp"
#include "os/read_file.hpp"

namespace mrun {
namespace {

/// Fits the second-level cache: the bytes are counted and forgotten.
constexpr std::size_t kBufferBytes = std::size_t{128} << 10;

Result<std::uint64_t> newlines_in(const InputFile& file, std::uint64_t begin, std::uint64_t end) {
  MRUN_TRY_ASSIGN(const ReadFile opened, ReadFile::open(file.path, Code::input));
  std::vector<std::uint8_t> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(kBufferBytes, end - begin)));
  std::uint64_t count = 0;
  for (std::uint64_t at = begin; at < end;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - at));
    MRUN_TRY_ASSIGN(const std::size_t got,
                    opened.read_at(std::as_writable_bytes(std::span(buffer).first(wanted)), at));
    if (got < wanted) return changed_failure(file.path);
    count += count_newlines(buffer.data(), got);
    at += got;
  }
  return count;
}

}  // namespace

Result<std::uint64_t> LineIndex::newlines_before(const InputFile& file, std::uint32_t ordinal,
                                                 std::uint64_t offset) {
  if (offset == 0) return std::uint64_t{0};
  const std::lock_guard lock(mutex_);
  std::map<std::uint64_t, std::uint64_t>& known = known_[ordinal];
  const auto after = known.upper_bound(offset);
  const auto [from, before] = after == known.begin()
                                  ? std::pair<const std::uint64_t, std::uint64_t>(0, 0)
                                  : *std::prev(after);
  MRUN_TRY_ASSIGN(const std::uint64_t here, newlines_in(file, from, offset));
  const std::uint64_t count = before + here;
  if (offset - from >= kStepBytes) known.emplace(offset, count);
  return count;
}

}  // namespace mrun
