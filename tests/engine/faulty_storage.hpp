// FaultyStorage: a real disk that silently does something else than it was asked for.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "os/storage.hpp"

namespace mrun::test_support {

/// What goes wrong with the files of one kind. `call` counts from 0 over all of them.
struct FileFaults {
  /// May change what is written and where; returns how many times it is written.
  std::function<unsigned(std::uint64_t call, std::vector<std::byte>& bytes, std::uint64_t& offset)>
      write;
  /// May change where is read.
  std::function<void(std::uint64_t call, std::uint64_t& offset)> before_read;
  /// May change what was read.
  std::function<void(std::uint64_t call, std::span<std::byte> bytes)> after_read;
  std::atomic<std::uint64_t> writes{0}, reads{0};
};

/// For any threads, where its hooks are.
class FaultyStorage final : public Storage {
 public:
  FileFaults scratch, parts;

  Result<std::unique_ptr<StorageFile>> create(const std::string& path) override {
    return wrap(real_->create(path), parts);
  }
  Result<std::unique_ptr<StorageFile>> create_scratch(const std::string& folder) override {
    return wrap(real_->create_scratch(folder), scratch);
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
    File(std::unique_ptr<StorageFile> real, FileFaults& faults)
        : real_(std::move(real)), faults_(faults) {}
    Result<void> write_at(std::span<const std::byte> bytes, std::uint64_t offset) override {
      std::vector<std::byte> copy(bytes.begin(), bytes.end());
      const std::uint64_t call = faults_.writes++;
      const std::uint64_t step = bytes.size();
      const unsigned times = faults_.write ? faults_.write(call, copy, offset) : 1;
      for (unsigned i = 0; i < times; ++i) MRUN_TRY(real_->write_at(copy, offset + i * step));
      return {};
    }
    Result<void> read_at(std::span<std::byte> bytes, std::uint64_t offset) override {
      const std::uint64_t call = faults_.reads++;
      if (faults_.before_read) faults_.before_read(call, offset);
      MRUN_TRY(real_->read_at(bytes, offset));
      if (faults_.after_read) faults_.after_read(call, bytes);
      return {};
    }
    void start_writeback(std::uint64_t, std::uint64_t) override {}
    Result<void> sync() override { return {}; }
    Result<void> close() override { return real_->close(); }
    const std::string& name() const override { return real_->name(); }

   private:
    std::unique_ptr<StorageFile> real_;
    FileFaults& faults_;
  };

  static Result<std::unique_ptr<StorageFile>> wrap(Result<std::unique_ptr<StorageFile>> file,
                                                   FileFaults& faults) {
    if (!file) return file;
    return std::unique_ptr<StorageFile>(std::make_unique<File>(*std::move(file), faults));
  }

  std::unique_ptr<Storage> real_ = make_disk_storage();
};

}  // namespace mrun::test_support
