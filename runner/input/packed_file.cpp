#include "input/packed_file.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "codec/unit_search.hpp"
#include "input/file_identity.hpp"

namespace mrun {
namespace {

constexpr std::size_t kSearchBytes = std::size_t{128} << 10;

/// A unit further away is not looked for: it would be decoded by one thread alone, and not even
/// while its text is mapped. No block of bzip2 is longer than about a MiB.
constexpr std::uint64_t kReachBytes = std::uint64_t{16} << 20;

/// How often who waits looks whether the run is to stop, for a signal wakes nobody.
constexpr std::chrono::milliseconds kStopCheck(50);

}  // namespace

Result<std::shared_ptr<PackedFile>> PackedFile::open(const InputFile& input, MemoryBudget& budget) {
  MRUN_TRY_ASSIGN(ReadFile file, opened_input(input, ReadFile::open(input.path, Code::input)));
  if (identity_of(file.info()) != input.identity) return changed_failure(input.path);
  file.expect_one_reading();
  std::shared_ptr<PackedFile> opened(new PackedFile(input, std::move(file), budget));
  opened->first_bytes_.resize(kMagicBytes);
  MRUN_TRY_ASSIGN(const std::size_t got, opened->file_->read_at(opened->first_bytes_, 0));
  opened->first_bytes_.resize(got);
  if (opened->compression() == Compression::lz4) opened->legacy_.emplace();
  opened->border_ = {0, true, false};
  opened->turn_.emplace(budget);
  return opened;
}

DecodedBytes::Source PackedFile::source(std::uint64_t at, std::size_t memory_bytes) const {
  auto read = [file = file_, at](std::span<std::byte> room) mutable -> Result<std::size_t> {
    // Bytes beyond the size that was listed are never read: there the identity check fails.
    const std::uint64_t left = file->info().size_bytes - at;
    MRUN_TRY_ASSIGN(const std::size_t got,
                    file->read_at(room.first(std::min<std::uint64_t>(room.size(), left)), at));
    at += got;
    return got;
  };
  return {input_.path, compression(), std::move(read), memory_bytes, budget_};
}

/// Of the part whose range begins at `at`. Every byte is looked at once.
Result<PackedFile::Border> PackedFile::find_border(std::uint64_t at) {
  const std::uint64_t size = input_.identity.size_bytes;
  if (at == size) return Border{size * 8, false, false};
  if (legacy_) MRUN_TRY(walk_legacy(at));
  if (legacy_)
    return legacy_->at < size ? Border{legacy_->at * 8, true, legacy_->in_frame}
                              : Border{at * 8, false, false};
  if (found_ && *found_ / 8 >= at) return Border{*found_, true, false};
  found_.reset();
  const std::uint64_t reach = std::min(size, at + std::min(kReachBytes, size - at));
  std::vector<std::byte> bytes(kSearchBytes + kUnitSightBytes);
  for (std::uint64_t from = std::max(at, searched_to_); from < reach; from = searched_to_) {
    const std::size_t count = std::min<std::uint64_t>(kSearchBytes, reach - from);
    const std::span<std::byte> room(bytes.data(),
                                    std::min<std::uint64_t>(count + kUnitSightBytes, size - from));
    MRUN_TRY_ASSIGN(const std::size_t got, file_->read_at(room, from));
    if (got < room.size()) return changed_failure(input_.path);
    found_ = find_unit(compression(), room, count, from);
    searched_to_ = found_ ? *found_ / 8 + 1 : from + count;
    if (found_) return Border{*found_, true, false};
  }
  return Border{at * 8, false, false};
}

/// To the first place from `at` on, by the sizes that stand before the blocks: those are sure, for
/// they are what a decoder that comes from the file's beginning goes by.
Result<void> PackedFile::walk_legacy(std::uint64_t at) {
  std::array<std::byte, 4096> bytes;
  std::uint64_t begin = 0, end = 0;
  while (legacy_ && legacy_->at < at) {
    if (legacy_->at < begin || legacy_->at + kLegacyHeadBytes > end) {
      begin = legacy_->at;
      MRUN_TRY_ASSIGN(const std::size_t got, file_->read_at(bytes, begin));
      end = begin + got;
    }
    const auto here = static_cast<std::size_t>(legacy_->at - begin);
    legacy_ = next_legacy_place(
        *legacy_, std::span(bytes).first(static_cast<std::size_t>(end - begin)).subspan(here));
  }
  return {};
}

bool PackedFiles::may_begin(const SplitRange& range) {
  const std::lock_guard lock(mutex_);
  const auto known = files_.find(range.file);
  if (range.begin == 0) return true;
  if (known == files_.end()) return false;
  if (range.begin > known->second.given_up_from) return true;
  const PackedFile& file = *known->second.file;
  if (!file.border_ || file.border_at_ != range.begin) return false;
  return file.border_->is_unit || (file.turn_ && file.turn_at_ == range.begin);
}

std::uint64_t PackedFiles::change_count() {
  const std::lock_guard lock(mutex_);
  return changes_;
}

void PackedFiles::wait_for_change(std::uint64_t seen) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return changes_ != seen; });
}

/// With the mutex held.
void PackedFiles::note_change() {
  ++changes_;
  changed_.notify_all();
}

/// Waits until `is_ready`, a part before `range` is given up, or the run is stopped.
template <typename IsReady>
Result<void> PackedFiles::wait(std::unique_lock<std::mutex>& lock, const SplitRange& range,
                               const IsReady& is_ready) {
  const State& state = files_[range.file];
  while (range.begin <= state.given_up_from) {
    if (is_ready()) return {};
    if (stop_.stopped()) return fail(Code::cancelled, "stopped while reading the input");
    changed_.wait_for(lock, kStopCheck);
  }
  return fail(Code::cancelled, "a part of the file before was given up");
}

Result<PackedFiles::Begun> PackedFiles::begin(const SplitRange& range, const InputFile& input,
                                              MemoryBudget& budget) {
  std::shared_ptr<PackedFile> file;
  if (range.begin == 0) {
    MRUN_TRY_ASSIGN(file, PackedFile::open(input, budget));
  }
  PackedFile::Border first;
  {
    std::unique_lock lock(mutex_);
    State& state = files_[range.file];
    if (file != nullptr) {
      state.file = file;
    } else {
      MRUN_TRY(wait(lock, range, [&] {
        return state.file != nullptr && state.file->border_ &&
               state.file->border_at_ == range.begin;
      }));
      file = state.file;
    }
    first = *file->border_;
    file->border_.reset();
  }
  MRUN_TRY_ASSIGN(const PackedFile::Border next, file->find_border(range.end));
  const bool ends_file = range.end == input.identity.size_bytes;
  {
    const std::lock_guard lock(mutex_);
    file->border_ = next;
    file->border_at_ = range.end;
    note_change();
  }
  return Begun{
      file,
      {{first.bit, next.bit, file->first_bytes_, first.in_legacy_frame}, first.is_unit, ends_file}};
}

Result<PackedTurn> PackedFiles::wait_turn(const SplitRange& range) {
  std::unique_lock lock(mutex_);
  PackedFile& file = *files_[range.file].file;
  MRUN_TRY(wait(lock, range, [&] { return file.turn_ && file.turn_at_ == range.begin; }));
  PackedTurn turn = *std::move(file.turn_);
  file.turn_.reset();
  return turn;
}

void PackedFiles::pass_turn(const SplitRange& range, PackedTurn turn) {
  const std::lock_guard lock(mutex_);
  State& state = files_[range.file];
  if (state.file == nullptr) return;
  if (range.end == state.file->input().identity.size_bytes) {
    state.file.reset();
  } else {
    state.file->turn_.emplace(std::move(turn));
    state.file->turn_at_ = range.end;
  }
  note_change();
}

void PackedFiles::give_up(const SplitRange& range) {
  const std::lock_guard lock(mutex_);
  State& state = files_[range.file];
  state.given_up_from = std::min(state.given_up_from, range.begin);
  note_change();
}

}  // namespace mrun
