// The real disk behind `Storage`.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <optional>

#include "os/cache_drops.hpp"
#include "os/errno_text.hpp"
#include "os/owned_fd.hpp"
#include "os/remove_tree.hpp"
#include "os/storage.hpp"

namespace mrun {
namespace {

/// Linux moves at most this much in one call; smaller steps also keep a cancelled run responsive.
constexpr std::size_t kStepBytes = std::size_t{64} << 20;

constexpr char kScratchRoomHint[] =
    "free some space, or put temporary files on another disk with --tmp-dir";

Failure output_failure(const std::string& operation, const std::string& path, int error_number) {
  return system_failure(Code::output, operation, path, error_number);
}

bool is_disk_full(int error_number) { return error_number == ENOSPC || error_number == EDQUOT; }

class DiskFile final : public StorageFile {
 public:
  DiskFile(OwnedFd fd, std::string name, bool is_scratch)
      : fd_(std::move(fd)), name_(std::move(name)), is_scratch_(is_scratch) {
    // Scratch is read at most once, so its pages never count as much used, however many calls read
    // one of them. Kernels before 6.3 take no notice.
    if (is_scratch) advise(0, 0, POSIX_FADV_NOREUSE);
  }

  Result<void> write_at(std::span<const std::byte> bytes, std::uint64_t offset) override {
    while (!bytes.empty()) {
      const ssize_t put = ::pwrite(fd_.get(), bytes.data(), std::min(bytes.size(), kStepBytes),
                                   static_cast<off_t>(offset));
      if (put < 0 && errno == EINTR) continue;
      // A write of nothing would repeat for ever; the disk has no room is the only cause known.
      if (put <= 0) return write_failure(put < 0 ? errno : ENOSPC, offset);
      offset += static_cast<std::uint64_t>(put);
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
    return {};
  }

  bool out_of_room() const override { return out_of_room_; }

  Result<void> read_at(std::span<std::byte> bytes, std::uint64_t offset) override {
    while (!bytes.empty()) {
      const ssize_t got = ::pread(fd_.get(), bytes.data(), std::min(bytes.size(), kStepBytes),
                                  static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0)
        return output_failure("read at offset " + std::to_string(offset) + " of", name_, errno);
      if (got == 0)
        return fail(Code::integrity, "'" + name_ + "' ends at offset " + std::to_string(offset) +
                                         ", " + std::to_string(bytes.size()) + " bytes too early");
      offset += static_cast<std::uint64_t>(got);
      bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
    return {};
  }

  void start_writeback(std::uint64_t offset, std::uint64_t size_bytes) override {
    // Advice only: a failure to write shows in sync().
    ::sync_file_range(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(size_bytes),
                      SYNC_FILE_RANGE_WRITE);
  }

  void start_reading(std::uint64_t offset, std::uint64_t size_bytes) override {
    advise(offset, size_bytes, POSIX_FADV_WILLNEED);
  }

  void drop_cached(std::uint64_t offset, std::uint64_t size_bytes) override {
    drops_.add(offset, size_bytes, [this](std::uint64_t at, std::uint64_t size) {
      advise(at, size, POSIX_FADV_DONTNEED);
    });
  }

  bool discard(std::uint64_t offset, std::uint64_t size_bytes) override {
    return ::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                       static_cast<off_t>(offset), static_cast<off_t>(size_bytes)) == 0;
  }

  Result<void> sync() override {
    // After a failure the kernel may drop the pages and report success to the next call.
    if (sync_error_) return Failure{*sync_error_};
    while (::fsync(fd_.get()) != 0) {
      if (errno == EINTR) continue;
      sync_error_ = output_failure("sync", name_, errno).error;
      return Failure{*sync_error_};
    }
    return {};
  }

  Result<void> close() override {
    const int fd = fd_.release();
    // On Linux the descriptor is gone whatever close says, and EINTR says nothing about the data.
    if (fd >= 0 && ::close(fd) != 0 && errno != EINTR) return output_failure("close", name_, errno);
    return {};
  }

  const std::string& name() const override { return name_; }

 private:
  // Advice only: what it says does not matter.
  void advise(std::uint64_t offset, std::uint64_t size_bytes, int advice) const {
    ::posix_fadvise(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(size_bytes), advice);
  }

  Failure write_failure(int error_number, std::uint64_t offset) {
    std::string hint;
    if (is_disk_full(error_number)) {
      out_of_room_ = true;
      hint = is_scratch_
                 ? kScratchRoomHint
                 : "free some space, write the output to another disk, or make it smaller with "
                   "--compress";
    }
    return system_failure(Code::output, "write at offset " + std::to_string(offset) + " of", name_,
                          error_number, std::move(hint));
  }

  OwnedFd fd_;
  std::string name_;
  bool is_scratch_;
  bool out_of_room_ = false;
  CacheDrops drops_;
  std::optional<Error> sync_error_;
};

/// A name that no other file of this process has; O_EXCL finds out about other processes.
std::string scratch_name(const std::string& folder) {
  static std::atomic<std::uint64_t> number{0};
  return folder + "/.mrun-scratch-" + std::to_string(::getpid()) + "-" +
         std::to_string(number.fetch_add(1, std::memory_order_relaxed));
}

/// Where the file system has no O_TMPFILE: a name that is removed at once.
Result<OwnedFd> create_and_unlink(const std::string& folder) {
  const std::string path = scratch_name(folder);
  OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return output_failure("create a temporary file in", folder, errno);
  if (::unlink(path.c_str()) != 0) return output_failure("unlink", path, errno);
  return fd;
}

class DiskStorage final : public Storage {
 public:
  Result<std::unique_ptr<StorageFile>> create(const std::string& path) override {
    OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (!fd) return output_failure("create", path, errno);
    return std::unique_ptr<StorageFile>(new DiskFile(std::move(fd), path, false));
  }

  Result<std::unique_ptr<StorageFile>> create_scratch(const std::string& folder) override {
    OwnedFd fd(::open(folder.c_str(), O_RDWR | O_TMPFILE | O_EXCL | O_CLOEXEC, 0600));
    // EISDIR: a kernel or file system that takes the flag for an attempt to write to a folder.
    if (!fd && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
      MRUN_TRY_ASSIGN(fd, create_and_unlink(folder));
    }
    if (!fd) {
      return system_failure(Code::output, "create a temporary file in", folder, errno,
                            is_disk_full(errno) ? kScratchRoomHint : "");
    }
    return std::unique_ptr<StorageFile>(
        new DiskFile(std::move(fd), folder + "/(temporary file)", true));
  }

  Result<void> make_folder(const std::string& path, std::uint32_t mode) override {
    if (::mkdir(path.c_str(), mode) != 0) return output_failure("make folder", path, errno);
    return {};
  }

  Result<void> set_mode(const std::string& path, std::uint32_t mode) override {
    if (::chmod(path.c_str(), mode) != 0) return output_failure("set the mode of", path, errno);
    return {};
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0)
      return output_failure("rename '" + from + "' to", to, errno);
    return {};
  }

  Result<void> exchange(const std::string& one, const std::string& other) override {
    if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) != 0)
      return output_failure("exchange '" + one + "' with", other, errno);
    return {};
  }

  Result<void> remove_tree(const std::string& path) override { return remove_whole_tree(path); }

  Result<void> sync_folder(const std::string& path) override {
    const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return output_failure("open folder", path, errno);
    while (::fsync(fd.get()) != 0) {
      // EINVAL: a file system whose folders need no sync.
      if (errno == EINVAL) return {};
      if (errno != EINTR) return output_failure("sync folder", path, errno);
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<Storage> make_disk_storage() { return std::make_unique<DiskStorage>(); }

}  // namespace mrun
