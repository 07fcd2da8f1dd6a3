// BreakableStorage: a storage over the real disk whose Nth operation fails, once or from then on.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "os/storage.hpp"

namespace mrun::test_support {

/// How a chosen operation fails.
enum class Break : std::uint8_t {
  never,
  once,
  for_ever,              ///< It and all that follow.
  for_ever_but_removal,  ///< The same, but remove_tree works.
};

/// Counts the operations of the storage and of its files together. A broken operation does nothing,
/// except that a broken close closes. Nothing is really synced: no test pulls the plug, and a disk
/// takes milliseconds for it. Any thread may use it, as far as the real one allows.
class BreakableStorage final : public Storage {
 public:
  BreakableStorage() : real_(make_disk_storage()) {}

  /// The `number`th operation from now on fails, counted from 1.
  void break_at(std::uint64_t number, Break kind) {
    calls_ = 0;
    broken_call_ = number;
    kind_ = kind;
  }
  /// Operations since the last `break_at`.
  std::uint64_t calls() const { return calls_; }
  /// Whether an operation was broken since then.
  bool was_broken() const { return kind_ != Break::never && calls_ >= broken_call_; }
  /// Name of the first operation that was broken.
  std::string broken_operation() const { return broken_operation_; }

  Result<std::unique_ptr<StorageFile>> create(const std::string& path) override {
    MRUN_TRY(step("create", path));
    return wrap(real_->create(path));
  }
  Result<std::unique_ptr<StorageFile>> create_scratch(const std::string& folder) override {
    MRUN_TRY(step("create a temporary file in", folder));
    return wrap(real_->create_scratch(folder));
  }
  Result<void> make_folder(const std::string& path, std::uint32_t mode) override {
    MRUN_TRY(step("make folder", path));
    return real_->make_folder(path, mode);
  }
  Result<void> set_mode(const std::string& path, std::uint32_t mode) override {
    MRUN_TRY(step("set the mode of", path));
    return real_->set_mode(path, mode);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    MRUN_TRY(step("rename", from));
    return real_->rename(from, to);
  }
  Result<void> exchange(const std::string& one, const std::string& other) override {
    MRUN_TRY(step("exchange", one));
    return real_->exchange(one, other);
  }
  Result<void> remove_tree(const std::string& path) override {
    if (kind_ != Break::for_ever_but_removal) MRUN_TRY(step("remove", path));
    return real_->remove_tree(path);
  }
  Result<void> sync_folder(const std::string& path) override { return step("sync folder", path); }

 private:
  class File final : public StorageFile {
   public:
    File(BreakableStorage& storage, std::unique_ptr<StorageFile> real)
        : storage_(storage), real_(std::move(real)) {}
    Result<void> write_at(std::span<const std::byte> bytes, std::uint64_t offset) override {
      MRUN_TRY(storage_.step("write", name()));
      return real_->write_at(bytes, offset);
    }
    Result<void> read_at(std::span<std::byte> bytes, std::uint64_t offset) override {
      MRUN_TRY(storage_.step("read", name()));
      return real_->read_at(bytes, offset);
    }
    void start_writeback(std::uint64_t offset, std::uint64_t size_bytes) override {
      real_->start_writeback(offset, size_bytes);
    }
    bool discard(std::uint64_t offset, std::uint64_t size_bytes) override {
      return real_->discard(offset, size_bytes);
    }
    Result<void> sync() override { return storage_.step("sync", name()); }
    Result<void> close() override {
      Result<void> closed = real_->close();
      MRUN_TRY(storage_.step("close", name()));
      return closed;
    }
    const std::string& name() const override { return real_->name(); }

   private:
    BreakableStorage& storage_;
    std::unique_ptr<StorageFile> real_;
  };

  Result<std::unique_ptr<StorageFile>> wrap(Result<std::unique_ptr<StorageFile>> file) {
    if (!file) return file;
    return std::unique_ptr<StorageFile>(std::make_unique<File>(*this, *std::move(file)));
  }

  Result<void> step(const std::string& operation, const std::string& path) {
    const std::uint64_t call = ++calls_;
    if (kind_ == Break::never || call < broken_call_) return {};
    if (kind_ == Break::once && call > broken_call_) return {};
    if (call == broken_call_) broken_operation_ = operation + " " + path;
    return fail(Code::output, "cannot " + operation + " '" + path + "': broken by the test");
  }

  std::unique_ptr<Storage> real_;
  std::atomic<std::uint64_t> calls_{0};
  std::uint64_t broken_call_ = 0;
  Break kind_ = Break::never;
  std::string broken_operation_;
};

}  // namespace mrun::test_support
