// SmallDisks: a storage whose folders are disks of chosen sizes, which fill up.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "os/storage.hpp"

namespace mrun::test_support {

/// Scratch files take room of their folder by their lengths, and give it back when they die or what
/// they hold is discarded. A write that does not fit writes what fits, as a disk does. Any thread.
class SmallDisks final : public Storage {
 public:
  /// A folder that was given no room has none to spare and none to lack.
  void set_room(const std::string& folder, std::uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    room_[folder] = bytes;
  }
  /// What scratch files hold in `folder` now.
  std::uint64_t used(const std::string& folder) {
    const std::scoped_lock lock(mutex_);
    return used_[folder];
  }

  /// The most scratch files that were open at once.
  std::uint64_t files_most() {
    const std::scoped_lock lock(mutex_);
    return files_most_;
  }

  Result<std::unique_ptr<StorageFile>> create(const std::string& path) override {
    return real_->create(path);
  }
  Result<std::unique_ptr<StorageFile>> create_scratch(const std::string& folder) override {
    MRUN_TRY_ASSIGN(auto file, real_->create_scratch(folder));
    return std::unique_ptr<StorageFile>(std::make_unique<File>(*this, folder, std::move(file)));
  }
  Result<void> make_folder(const std::string& path, std::uint32_t mode) override {
    return real_->make_folder(path, mode);
  }
  Result<void> set_mode(const std::string& path, std::uint32_t mode) override {
    return real_->set_mode(path, mode);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return real_->rename(from, to);
  }
  Result<void> exchange(const std::string& one, const std::string& other) override {
    return real_->exchange(one, other);
  }
  Result<void> remove_tree(const std::string& path) override { return real_->remove_tree(path); }
  Result<void> sync_folder(const std::string& path) override { return real_->sync_folder(path); }

 private:
  class File final : public StorageFile {
   public:
    File(SmallDisks& disks, std::string folder, std::unique_ptr<StorageFile> real)
        : disks_(disks), folder_(std::move(folder)), real_(std::move(real)) {
      const std::scoped_lock lock(disks_.mutex_);
      disks_.files_most_ = std::max(disks_.files_most_, ++disks_.files_);
    }
    ~File() override { disks_.close(folder_, length_ - discarded_); }

    Result<void> write_at(std::span<const std::byte> bytes, std::uint64_t offset) override {
      const std::uint64_t end = offset + bytes.size();
      const std::uint64_t more = end > length_ ? end - length_ : 0;
      const std::uint64_t taken = disks_.take(folder_, more);
      length_ += taken;
      if (taken == more) return real_->write_at(bytes, offset);
      if (length_ > offset)
        MRUN_TRY(real_->write_at(bytes.first(static_cast<std::size_t>(length_ - offset)), offset));
      out_of_room_ = true;
      return fail(Code::output, "cannot write to '" + name() + "': the test's disk is full");
    }
    bool out_of_room() const override { return out_of_room_; }
    Result<void> read_at(std::span<std::byte> bytes, std::uint64_t offset) override {
      return real_->read_at(bytes, offset);
    }
    void start_writeback(std::uint64_t, std::uint64_t) override {}
    bool discard(std::uint64_t offset, std::uint64_t size_bytes) override {
      if (!real_->discard(offset, size_bytes)) return false;
      discarded_.fetch_add(size_bytes);
      disks_.give_back(folder_, size_bytes);
      return true;
    }
    Result<void> sync() override { return real_->sync(); }
    Result<void> close() override { return real_->close(); }
    const std::string& name() const override { return real_->name(); }

   private:
    SmallDisks& disks_;
    const std::string folder_;
    std::unique_ptr<StorageFile> real_;
    std::uint64_t length_ = 0;
    std::atomic<std::uint64_t> discarded_{0};
    bool out_of_room_ = false;
  };

  std::uint64_t take(const std::string& folder, std::uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    const auto room = room_.find(folder);
    const std::uint64_t used = used_[folder];
    const std::uint64_t taken =
        room == room_.end() ? bytes : std::min(bytes, room->second - std::min(used, room->second));
    used_[folder] += taken;
    return taken;
  }
  void give_back(const std::string& folder, std::uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    used_[folder] -= bytes;
  }
  void close(const std::string& folder, std::uint64_t bytes) {
    give_back(folder, bytes);
    const std::scoped_lock lock(mutex_);
    --files_;
  }

  const std::unique_ptr<Storage> real_ = make_disk_storage();
  std::mutex mutex_;  // Guards what follows.
  std::map<std::string, std::uint64_t> room_, used_;
  std::uint64_t files_ = 0, files_most_ = 0;
};

}  // namespace mrun::test_support
