// Appends to one part file, digesting on the way.
#include "output/part_file.hpp"

#include <fmt/format.h>

namespace mrun {
namespace {

/// Small enough that the disk starts early, large enough that starting it costs nothing.
constexpr std::uint64_t kWritebackBytes = std::uint64_t{8} << 20;

}  // namespace

std::string part_name(const std::string& side_output, std::uint32_t partition) {
  return fmt::format("{}-{:05}", side_output.empty() ? "part" : side_output, partition);
}

Result<PartFile> PartFile::create(Storage& storage, const std::string& folder,
                                  const std::string& side_output, std::uint32_t partition,
                                  bool sync) {
  PartInfo info;
  info.name = part_name(side_output, partition);
  info.side_output = side_output;
  MRUN_TRY_ASSIGN(std::unique_ptr<StorageFile> file, storage.create(folder + "/" + info.name));
  return PartFile(std::move(file), std::move(info), sync);
}

Result<PartFile> PartFile::stream(PartStream& stream, std::uint32_t partition) {
  PartInfo info;
  info.name = part_name({}, partition);
  MRUN_TRY_ASSIGN(std::unique_ptr<StorageFile> file, stream.open(partition));
  return PartFile(std::move(file), std::move(info), false);
}

Result<void> PartFile::append(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
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
  if (sync_) MRUN_TRY(file_->sync());
  MRUN_TRY(file_->close());
  info_.digest = hash_.digest();
  return info_;
}

}  // namespace mrun
