// PartFile: one file of an output as it is written: its bytes, their digest, and its records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/digest.hpp"
#include "base/result.hpp"
#include "os/storage.hpp"
#include "output/part_stream.hpp"

namespace mrun {

/// What a manifest says of one file of an output.
struct PartInfo {
  std::string name;         ///< In the output folder.
  std::string side_output;  ///< The side output it belongs to; empty: the main output.
  std::uint64_t size_bytes = 0;
  std::uint64_t records = 0;
  Digest128 digest;

  bool operator==(const PartInfo&) const = default;
};

/// "part-00000", "part-00001"… for the main output (`side_output` empty), "NAME-00000"… for others.
std::string part_name(const std::string& side_output, std::uint32_t partition);

/// Move-only; one thread at a time. Errors are Code::output.
class PartFile {
 public:
  /// Makes the file `part_name(side_output, partition)` in `folder`. `storage` outlives it. `sync`:
  /// `finish` forces the contents to disk.
  static Result<PartFile> create(Storage& storage, const std::string& folder,
                                 const std::string& side_output, std::uint32_t partition,
                                 bool sync);

  /// The same for a part that goes to the standard output, which outlives it.
  static Result<PartFile> stream(PartStream& stream, std::uint32_t partition);

  /// Appends the bytes now: callers hand over 64 KiB or more at once where they can. Where they are
  /// to be synced, the system is asked every 8 MiB to begin writing back, so that the sync is
  /// short.
  Result<void> append(std::span<const std::byte> bytes);
  void count_records(std::uint64_t records) { info_.records += records; }

  /// Syncs the contents if asked to, closes, and says what the file holds. Call it once.
  Result<PartInfo> finish();

  std::uint64_t size_bytes() const { return info_.size_bytes; }
  const std::string& name() const { return info_.name; }

 private:
  PartFile(std::unique_ptr<StorageFile> file, PartInfo info, bool sync)
      : file_(std::move(file)), info_(std::move(info)), sync_(sync) {}

  std::unique_ptr<StorageFile> file_;
  PartInfo info_;
  bool sync_;
  Hash128Stream hash_;
  std::uint64_t writeback_from_ = 0;
};

}  // namespace mrun
