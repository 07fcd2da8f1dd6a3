// Cuts files into splits by their sizes.
#include "input/split_planner.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace mrun {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

/// What opening a file costs, in bytes that could be mapped meanwhile: without it, a million files
/// of one byte would be a single task.
constexpr std::uint64_t kFileCostBytes = std::uint64_t{4} << 10;

/// The text of a compressed file's split is held in memory, and is a few times as long. Less than
/// the least is not worth a decoder of its own.
constexpr std::uint64_t kPackedSplitLeast = std::uint64_t{4} << 10;
constexpr std::uint64_t kPackedSplitMost = kMiB;

/// More splits than this cost more to keep than they help; a smaller split size is raised.
constexpr std::uint64_t kSplitsMax = std::uint64_t{1} << 20;

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

/// The smallest multiple of `unit` that is at least `bytes`.
std::uint64_t whole_records(std::uint64_t bytes, std::uint32_t unit) {
  return unit == 0 ? bytes : ceil_div(bytes, unit) * unit;
}

class Planner {
 public:
  explicit Planner(std::uint64_t split_bytes) { plan_.split_bytes = split_bytes; }

  void add_stream(std::uint32_t file) {
    end_split();
    plan_.splits.push_back({{{file, 0, 0}}, true});
  }

  void add_file(std::uint32_t ordinal, const InputFile& file, RecordFormat format) {
    const std::uint64_t size_bytes = file.identity.size_bytes;
    if (size_bytes == 0) return;
    // A file that fits a split is never cut; one that does not begins a split of its own.
    if (room_used_ + kFileCostBytes + size_bytes > plan_.split_bytes) end_split();
    if (file.is_compressed() && format.can_be_cut() && size_bytes > packed_bytes())
      return add_parts(ordinal, size_bytes);
    const std::uint64_t range_bytes = format.can_be_cut() && !file.is_compressed()
                                          ? whole_records(plan_.split_bytes, format.fixed_bytes)
                                          : size_bytes;
    for (std::uint64_t begin = 0; begin < size_bytes;) {
      const std::uint64_t end = begin + std::min(range_bytes, size_bytes - begin);
      current_.ranges.push_back({ordinal, begin, end});
      room_used_ += kFileCostBytes + (end - begin);
      begin = end;
      if (begin < size_bytes) end_split();
    }
  }

  /// Parts of a compressed file share no split.
  void add_parts(std::uint32_t ordinal, std::uint64_t size_bytes) {
    for (std::uint64_t begin = 0; begin < size_bytes; begin += packed_bytes()) {
      end_split();
      current_.ranges.push_back({ordinal, begin, std::min(begin + packed_bytes(), size_bytes)});
    }
    end_split();
  }

  void end_split() {
    if (!current_.ranges.empty()) plan_.splits.push_back(std::move(current_));
    current_ = {};
    room_used_ = 0;
  }

  SplitPlan take() {
    end_split();
    return std::move(plan_);
  }

 private:
  std::uint64_t packed_bytes() const {
    return std::clamp(plan_.split_bytes, kPackedSplitLeast, kPackedSplitMost);
  }

  SplitPlan plan_;
  Split current_;
  std::uint64_t room_used_ = 0;  ///< Bytes and file costs of the current split.
};

}  // namespace

std::uint64_t Split::size_bytes() const {
  std::uint64_t total = 0;
  for (const SplitRange& range : ranges) total += range.end - range.begin;
  return total;
}

std::uint64_t default_split_bytes(std::uint64_t total_bytes) {
  const std::uint64_t least = std::clamp(ceil_div(total_bytes, 16), kMiB, 16 * kMiB);
  return std::clamp(ceil_div(total_bytes, 1024), least, kGiB);
}

SplitPlan plan_splits(const InputList& inputs, std::optional<std::uint64_t> split_bytes,
                      std::span<const RecordFormat> formats) {
  const std::uint64_t total = inputs.planned_bytes();
  const std::uint64_t wanted = split_bytes.value_or(default_split_bytes(total));
  Planner planner(std::max({wanted, std::uint64_t{1}, ceil_div(total, kSplitsMax)}));
  for (std::size_t i = 0; i < inputs.files.size(); ++i) {
    const auto ordinal = static_cast<std::uint32_t>(i);
    const InputFile& file = inputs.files[i];
    if (i > 0 && file.input != inputs.files[i - 1].input) planner.end_split();
    if (file.is_stream)
      planner.add_stream(ordinal);
    else
      planner.add_file(ordinal, file, formats[file.input]);
  }
  return planner.take();
}

}  // namespace mrun
