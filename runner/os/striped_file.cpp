#include "os/striped_file.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace mrun {

ScratchFolders::ScratchFolders(Storage& storage, std::vector<std::string> folders)
    : storage_(storage), names_(std::move(folders)), full_(names_.size()) {
  MRUN_CHECK(!names_.empty());
}

std::string ScratchFolders::text() const {
  std::string text;
  for (const std::string& name : names_) text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

StripedFile::StripedFile(ScratchFolders& folders, std::size_t first_folder,
                         std::uint64_t stripe_bytes)
    : folders_(folders),
      stripe_bytes_(stripe_bytes),
      name_(folders.count() == 1 ? folders.names().front() + "/(temporary file)"
                                 : "(temporary file in " + folders.text() + ")"),
      next_folder_(first_folder),
      backings_(folders.count()) {
  MRUN_CHECK(first_folder < folders.count());
}

StripedFile::~StripedFile() {
  // What this file gives back may be room for others.
  for (std::size_t folder = 0; folder < backings_.size(); ++folder)
    if (backings_[folder].file != nullptr) folders_.set_full(folder, false);
}

std::vector<StripedFile::Stripe>::iterator StripedFile::find(std::uint64_t offset) {
  return std::partition_point(stripes_.begin(), stripes_.end(),
                              [&](const Stripe& stripe) { return stripe.end <= offset; });
}

std::uint64_t StripedFile::give(std::size_t folder, std::uint64_t bytes) {
  const std::uint64_t place = backings_[folder].end;
  backings_[folder].end += bytes;
  return place;
}

/// The next folder in turn that is not full, or just the next.
std::size_t StripedFile::folder_after(std::size_t folder) const {
  for (std::size_t step = 1; step < folders_.count(); ++step) {
    const std::size_t next = (folder + step) % folders_.count();
    if (!folders_.is_full(next)) return next;
  }
  return folders_.is_full(folder) ? (folder + 1) % folders_.count() : folder;
}

void StripedFile::append_stripe() {
  const std::uint64_t begin = stripes_.empty() ? 0 : stripes_.back().end;
  if (folders_.count() == 1) {
    stripes_.push_back({begin, UINT64_MAX, 0, 0});
    return;
  }
  if (folders_.is_full(next_folder_)) next_folder_ = folder_after(next_folder_);
  stripes_.push_back(
      {begin, begin + stripe_bytes_, next_folder_, give(next_folder_, stripe_bytes_)});
  next_folder_ = folder_after(next_folder_);
}

Result<void> StripedFile::write_at(std::span<const std::byte> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    while (stripes_.empty() || stripes_.back().end <= offset) append_stripe();
    const std::uint64_t room = find(offset)->end - offset;
    const auto piece =
        bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), room)));
    MRUN_TRY(write_piece(piece, offset));
    offset += piece.size();
    size_bytes_ = std::max(size_bytes_, offset);
    bytes = bytes.subspan(piece.size());
  }
  return {};
}

// The piece lies in one stripe. Where that stripe's folder has no room, the piece moves to another
// one, with the rest of the stripe if nothing stands there yet.
Result<void> StripedFile::write_piece(std::span<const std::byte> bytes, std::uint64_t offset) {
  for (std::size_t tried = 1;; ++tried) {
    const Stripe stripe = *find(offset);
    Result<void> written = write_in_place(bytes, offset, stripe);
    const StorageFile* const file = backings_[stripe.folder].file.get();
    if (written || file == nullptr || !file->out_of_room()) return written;
    folders_.set_full(stripe.folder, true);
    out_of_room_ = tried == folders_.count();
    if (out_of_room_) return written;
    const std::uint64_t end = offset + bytes.size();
    move(offset, end >= size_bytes_ ? stripe.end : end, folder_after(stripe.folder));
  }
}

Result<void> StripedFile::write_in_place(std::span<const std::byte> bytes, std::uint64_t offset,
                                         const Stripe& stripe) {
  Backing& backing = backings_[stripe.folder];
  if (backing.file == nullptr) {
    MRUN_TRY_ASSIGN(backing.file, folders_.create_in(stripe.folder));
  }
  return backing.file->write_at(bytes, stripe.place + (offset - stripe.begin));
}

// From now on [begin, end), which lies in one stripe, is a stripe of its own in `folder`.
void StripedFile::move(std::uint64_t begin, std::uint64_t end, std::size_t folder) {
  const auto at = find(begin);
  const Stripe old = *at;
  std::vector<Stripe> parts;
  if (old.begin < begin) parts.push_back({old.begin, begin, old.folder, old.place});
  parts.push_back({begin, end, folder, give(folder, end - begin)});
  if (end < old.end) parts.push_back({end, old.end, old.folder, old.place + (end - old.begin)});
  stripes_.insert(stripes_.erase(at), parts.begin(), parts.end());
}

Result<void> StripedFile::read_at(std::span<std::byte> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const auto stripe = find(offset);
    if (stripe == stripes_.end() || backings_[stripe->folder].file == nullptr)
      return fail(Code::integrity, "'" + name_ + "' ends at offset " + std::to_string(offset) +
                                       ", " + std::to_string(bytes.size()) + " bytes too early");
    const auto piece = bytes.first(
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), stripe->end - offset)));
    MRUN_TRY(
        backings_[stripe->folder].file->read_at(piece, stripe->place + (offset - stripe->begin)));
    offset += piece.size();
    bytes = bytes.subspan(piece.size());
  }
  return {};
}

/// Calls `call(file, offset, size)` for what of a range lies in each file that is open.
template <typename Call>
void StripedFile::for_each_part(std::uint64_t offset, std::uint64_t size_bytes, const Call& call) {
  const std::uint64_t end = offset + size_bytes;
  for (auto stripe = find(offset); stripe != stripes_.end() && stripe->begin < end; ++stripe) {
    const std::uint64_t from = std::max(offset, stripe->begin);
    StorageFile* const file = backings_[stripe->folder].file.get();
    if (file != nullptr)
      call(*file, stripe->place + (from - stripe->begin), std::min(end, stripe->end) - from);
  }
}

void StripedFile::start_writeback(std::uint64_t offset, std::uint64_t size_bytes) {
  for_each_part(offset, size_bytes, [](StorageFile& file, std::uint64_t at, std::uint64_t size) {
    file.start_writeback(at, size);
  });
}

void StripedFile::start_reading(std::uint64_t offset, std::uint64_t size_bytes) {
  for_each_part(offset, size_bytes, [](StorageFile& file, std::uint64_t at, std::uint64_t size) {
    file.start_reading(at, size);
  });
}

void StripedFile::drop_cached(std::uint64_t offset, std::uint64_t size_bytes) {
  for_each_part(offset, size_bytes, [](StorageFile& file, std::uint64_t at, std::uint64_t size) {
    file.drop_cached(at, size);
  });
}

bool StripedFile::discard(std::uint64_t offset, std::uint64_t size_bytes) {
  bool all = true;
  for_each_part(offset, size_bytes, [&](StorageFile& file, std::uint64_t at, std::uint64_t size) {
    all = file.discard(at, size) && all;
  });
  // There may be room again anywhere.
  for (std::size_t folder = 0; all && folder < folders_.count(); ++folder)
    folders_.set_full(folder, false);
  return all;
}

Result<void> StripedFile::sync() {
  for (const Backing& backing : backings_)
    if (backing.file != nullptr) MRUN_TRY(backing.file->sync());
  return {};
}

Result<void> StripedFile::close() {
  Result<void> closed;
  for (const Backing& backing : backings_) {
    if (backing.file == nullptr) continue;
    Result<void> one = backing.file->close();
    if (closed) closed = std::move(one);
  }
  return closed;
}

}  // namespace mrun
