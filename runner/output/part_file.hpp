// PartFile: one file of an output as it is written: its bytes, their digest, and its records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/compression.hpp"
#include "base/digest.hpp"
#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "os/page_buffer.hpp"
#include "os/storage.hpp"
#include "output/part_stream.hpp"
#include "table/table_builder.hpp"

namespace mrun {

/// The first and the last key of a part of pairs in order, each cut to kBytesMax bytes.
struct KeyBounds {
  static constexpr std::size_t kBytesMax = 256;

  std::string first;
  std::string last;
  bool last_is_cut = false;  ///< The last key begins with `last`, and goes on.

  /// Whether a part with these bounds may hold the key.
  bool may_hold(std::string_view key) const { return key >= first && reaches(key); }
  /// Whether a part with these bounds may hold keys from `low` on.
  bool reaches(std::string_view low) const {
    return last >= low || (last_is_cut && low.starts_with(last));
  }
  bool operator==(const KeyBounds&) const = default;
};

enum class PartForm : std::uint8_t { bytes, table, kv };

/// What a manifest says of one file of an output.
struct PartInfo {
  std::string name;         ///< In the output folder.
  std::string side_output;  ///< The side output it belongs to; empty: the main output.
  std::uint64_t size_bytes = 0;
  std::uint64_t records = 0;
  Digest128 digest;
  std::optional<KeyBounds> keys = {};  ///< Of a table that is not empty.

  bool operator==(const PartInfo&) const = default;
};

/// "part-00000", "part-00001"… for the main output (`side_output` empty), "NAME-00000"… for others.
std::string part_name(const std::string& side_output, std::uint32_t partition);

/// Move-only; one thread at a time. Errors are Code::output.
class PartFile {
 public:
  /// How a part is written. The budget, which outlives it, is charged while a part is compressed.
  struct Coding {
    Compression compression = Compression::none;
    MemoryBudget* budget = nullptr;
    /// What is appended: bytes as they are written, or a stream of pairs (table/pair_stream.hpp)
    /// that becomes a table or a kv file. Those are not compressed as files.
    PartForm form = PartForm::bytes;
    TableCodec table_codec = TableCodec::lz4;
    bool is_ordered_by_job = false;  ///< See TableBuilder::Setup.
  };
  /// Makes the file `part_name(side_output, partition)`, with the compression's suffix, in
  /// `folder`. `storage` outlives it. `sync`: `finish` forces the contents to disk.
  static Result<PartFile> create(Storage& storage, const std::string& folder,
                                 const std::string& side_output, std::uint32_t partition, bool sync,
                                 Coding coding);
  /// The same for a part that goes to the standard output, which outlives it.
  static Result<PartFile> stream(PartStream& stream, std::uint32_t partition, Coding coding);
  /// What a part charges from its first byte to its end, where it is compressed or a table.
  static std::size_t coding_bytes(const Coding& coding);

  /// Appends the bytes now: callers hand over 64 KiB or more at once where they can. Where they are
  /// to be synced, the system is asked every 8 MiB to begin writing back, so that the sync is
  /// short.
  Result<void> append(std::span<const std::byte> bytes);
  void count_records(std::uint64_t records) { info_.records += records; }

  /// Syncs the contents if asked to, closes, and says what the file holds. Call it once.
  Result<PartInfo> finish();

  /// Bytes that were appended; a compressed file has fewer.
  std::uint64_t appended_bytes() const { return appended_bytes_; }
  const std::string& name() const { return info_.name; }

 private:
  PartFile(std::unique_ptr<StorageFile> file, PartInfo info, bool sync, Coding coding)
      : file_(std::move(file)), info_(std::move(info)), sync_(sync), coding_(coding) {}

  Result<void> append_pairs(std::span<const std::byte> pairs);
  Result<void> open_pairs();
  Result<void> finish_pairs();
  Result<void> compress(std::span<const std::byte> bytes);
  Result<void> write_frame();
  Result<void> write(std::span<const std::byte> bytes);

  std::unique_ptr<StorageFile> file_;
  PartInfo info_;
  bool sync_;
  Hash128Stream hash_;
  std::uint64_t writeback_from_ = 0;
  std::uint64_t appended_bytes_ = 0;

  Coding coding_;
  PageBuffer pending_;  // Bytes of the next frame, then room for the frame.
  std::size_t pending_size_ = 0;
  bool has_pairs_begun_ = false;
  std::optional<TableBuilder> table_;
};

}  // namespace mrun
