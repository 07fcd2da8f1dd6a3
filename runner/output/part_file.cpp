// Appends to one part file, digesting on the way.
#include "output/part_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "codec/frames.hpp"
#include "os/machine.hpp"
#include "table/kv_format.hpp"

namespace mrun {
namespace {

/// Small enough that the disk starts early, large enough that starting it costs nothing.
constexpr std::uint64_t kWritebackBytes = std::uint64_t{8} << 20;
/// Larger frames compress hardly better.
constexpr std::size_t kFrameRawBytes = std::size_t{256} << 10;

}  // namespace

std::string part_name(const std::string& side_output, std::uint32_t partition) {
  return fmt::format("{}-{:05}", side_output.empty() ? "part" : side_output, partition);
}

Result<PartFile> PartFile::create(Storage& storage, const std::string& folder,
                                  const std::string& side_output, std::uint32_t partition,
                                  bool sync, Coding coding) {
  PartInfo info;
  info.name = part_name(side_output, partition);
  info.name += compression_suffix(coding.compression);
  info.side_output = side_output;
  MRUN_TRY_ASSIGN(std::unique_ptr<StorageFile> file, storage.create(folder + "/" + info.name));
  return PartFile(std::move(file), std::move(info), sync, coding);
}

Result<PartFile> PartFile::stream(PartStream& stream, std::uint32_t partition, Coding coding) {
  PartInfo info;
  info.name = part_name({}, partition);
  MRUN_TRY_ASSIGN(std::unique_ptr<StorageFile> file, stream.open(partition));
  return PartFile(std::move(file), std::move(info), false, coding);
}

std::size_t PartFile::coding_bytes(const Coding& coding) {
  if (coding.form == PartForm::table) return TableBuilder::memory_bytes(coding.table_codec);
  if (coding.compression == Compression::none) return 0;
  return whole_pages(kFrameRawBytes + frame_bytes_most(coding.compression, kFrameRawBytes));
}

Result<void> PartFile::append(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  appended_bytes_ += bytes.size();
  if (coding_.form != PartForm::bytes) return append_pairs(bytes);
  return coding_.compression == Compression::none ? write(bytes) : compress(bytes);
}

Result<void> PartFile::append_pairs(std::span<const std::byte> pairs) {
  if (!has_pairs_begun_) MRUN_TRY(open_pairs());
  if (!table_) return write(pairs);
  return table_->append(pairs, [this](std::span<const std::byte> bytes) { return write(bytes); });
}

Result<void> PartFile::open_pairs() {
  has_pairs_begun_ = true;
  if (coding_.form == PartForm::kv) return write(kv_header());
  MRUN_TRY_ASSIGN(table_, TableBuilder::create({coding_.table_codec, coding_.budget, info_.name,
                                                coding_.is_ordered_by_job}));
  return {};
}

Result<void> PartFile::finish_pairs() {
  if (!has_pairs_begun_) MRUN_TRY(open_pairs());
  if (!table_) {
    MRUN_TRY(write(kv_end(info_.records)));
    return write(kv_digest(hash_.digest()));
  }
  MRUN_TRY_ASSIGN(const TableInfo table, table_->finish([this](std::span<const std::byte> bytes) {
    return write(bytes);
  }));
  table_.reset();
  if (table.entries != info_.records)
    return fail(
        Code::integrity,
        fmt::format("'{}' got {} records, and holds {}", info_.name, info_.records, table.entries),
        "this is a bug in mrun; no output was made");
  if (table.entries != 0)
    info_.keys = KeyBounds{table.first_key.substr(0, KeyBounds::kBytesMax),
                           table.last_key.substr(0, KeyBounds::kBytesMax),
                           table.last_key.size() > KeyBounds::kBytesMax};
  return {};
}

// Frames are cut by the part's bytes alone, so that the file is the same whatever pieces came.
Result<void> PartFile::compress(std::span<const std::byte> bytes) {
  if (!pending_) {
    MRUN_TRY_ASSIGN(pending_, PageBuffer::allocate(*coding_.budget, coding_bytes(coding_)));
  }
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), kFrameRawBytes - pending_size_);
    std::memcpy(pending_.data() + pending_size_, bytes.data(), size);
    pending_size_ += size;
    bytes = bytes.subspan(size);
    if (pending_size_ == kFrameRawBytes) MRUN_TRY(write_frame());
  }
  return {};
}

Result<void> PartFile::write_frame() {
  const std::span<std::byte> out(pending_.data() + kFrameRawBytes,
                                 pending_.size() - kFrameRawBytes);
  MRUN_TRY_ASSIGN(const std::size_t size,
                  compress_frame(coding_.compression, {pending_.data(), pending_size_}, out));
  pending_size_ = 0;
  return write(out.first(size));
}

Result<void> PartFile::write(std::span<const std::byte> bytes) {
  MRUN_TRY(file_->write_at(bytes, info_.size_bytes));
  hash_.update(bytes);
  info_.size_bytes += bytes.size();
  if (sync_ && info_.size_bytes - writeback_from_ >= kWritebackBytes) {
    file_->start_writeback(writeback_from_, info_.size_bytes - writeback_from_);
    writeback_from_ = info_.size_bytes;
  }
  return {};
}

Result<PartInfo> PartFile::finish() {
  if (coding_.form != PartForm::bytes) MRUN_TRY(finish_pairs());
  if (pending_size_ > 0) MRUN_TRY(write_frame());
  pending_ = {};
  if (sync_) MRUN_TRY(file_->sync());
  MRUN_TRY(file_->close());
  info_.digest = hash_.digest();
  return info_;
}

}  // namespace mrun
