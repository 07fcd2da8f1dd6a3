// StripedFile: one scratch file over several folders, so that all their disks are busy at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "os/storage.hpp"

namespace mrun {

/// Folders of scratch files, and which of them had no room. Any thread.
class ScratchFolders {
 public:
  /// At least one.
  ScratchFolders(Storage& storage, std::vector<std::string> folders);

  std::size_t count() const { return names_.size(); }
  const std::vector<std::string>& names() const { return names_; }
  /// "'/a'", or "'/a', '/b'".
  std::string text() const;
  Result<std::unique_ptr<StorageFile>> create_in(std::size_t folder) {
    return storage_.create_scratch(names_[folder]);
  }
  /// A folder that is full is taken last. Relaxed: a hint.
  bool is_full(std::size_t folder) const { return full_[folder].load(std::memory_order_relaxed); }
  void set_full(std::size_t folder, bool full) {
    full_[folder].store(full, std::memory_order_relaxed);
  }

 private:
  Storage& storage_;
  const std::vector<std::string> names_;
  std::vector<std::atomic<bool>> full_;
};

/// Stripes of 8 MiB go to the folders in turn; of one folder the file is one stripe. What finds no
/// room in a folder goes to the others, and only where all are full writing fails.
/// Nothing is opened in a folder before there is something to write.
class StripedFile final : public StorageFile {
 public:
  static constexpr std::uint64_t kStripeBytes = std::uint64_t{8} << 20;

  /// Begins in folder `first_folder`. `folders` outlives the file.
  StripedFile(ScratchFolders& folders, std::size_t first_folder,
              std::uint64_t stripe_bytes = kStripeBytes);
  ~StripedFile() override;

  Result<void> write_at(std::span<const std::byte> bytes, std::uint64_t offset) override;
  bool out_of_room() const override { return out_of_room_; }
  Result<void> read_at(std::span<std::byte> bytes, std::uint64_t offset) override;
  void start_writeback(std::uint64_t offset, std::uint64_t size_bytes) override;
  void start_reading(std::uint64_t offset, std::uint64_t size_bytes) override;
  void drop_cached(std::uint64_t offset, std::uint64_t size_bytes) override;
  bool discard(std::uint64_t offset, std::uint64_t size_bytes) override;
  Result<void> sync() override;
  Result<void> close() override;
  const std::string& name() const override { return name_; }

 private:
  // Bytes [begin, end) of this file lie in the file of `folder`, from `place` on.
  struct Stripe {
    std::uint64_t begin, end;
    std::size_t folder;
    std::uint64_t place;
  };
  struct Backing {
    std::unique_ptr<StorageFile> file;
    std::uint64_t end = 0;  // Of the stripes it has been given.
  };

  // The stripe that holds `offset`; the end of the list where none does.
  std::vector<Stripe>::iterator find(std::uint64_t offset);
  template <typename Call>
  void for_each_part(std::uint64_t offset, std::uint64_t size_bytes, const Call& call);
  void append_stripe();
  Result<void> write_piece(std::span<const std::byte> bytes, std::uint64_t offset);
  Result<void> write_in_place(std::span<const std::byte> bytes, std::uint64_t offset,
                              const Stripe& stripe);
  void move(std::uint64_t begin, std::uint64_t end, std::size_t folder);
  std::size_t folder_after(std::size_t folder) const;
  std::uint64_t give(std::size_t folder, std::uint64_t bytes);

  ScratchFolders& folders_;
  const std::uint64_t stripe_bytes_;
  const std::string name_;
  std::size_t next_folder_;
  std::vector<Backing> backings_;  // By folder.
  std::vector<Stripe> stripes_;    // In order, without gaps, from 0.
  bool out_of_room_ = false;
  std::uint64_t size_bytes_ = 0;  // The end of what was written.
};

}  // namespace mrun
