// Asks the system about paths.
#include "os/path_info.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "os/errno_text.hpp"

namespace mrun {
namespace {

PathKind kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return PathKind::file;
    case S_IFDIR:
      return PathKind::folder;
    case S_IFLNK:
      return PathKind::link;
    case S_IFIFO:
      return PathKind::fifo;
    case S_IFSOCK:
      return PathKind::socket;
    case S_IFCHR:
      return PathKind::char_device;
    default:
      return PathKind::block_device;
  }
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

PathInfo to_info(const struct stat& status) {
  PathInfo info;
  info.kind = kind_of(status.st_mode);
  info.device = status.st_dev;
  info.inode = status.st_ino;
  info.size_bytes = static_cast<std::uint64_t>(status.st_size);
  info.mtime_ns = nanoseconds(status.st_mtim);
  info.ctime_ns = nanoseconds(status.st_ctim);
  info.mode = status.st_mode & 07777u;
  info.user = status.st_uid;
  return info;
}

Result<PathInfo> info_at(const std::string& path, int flags, Code code) {
  struct stat status;
  if (::fstatat(AT_FDCWD, path.c_str(), &status, flags) == 0) return to_info(status);
  if (errno == ENOENT || errno == ENOTDIR) return PathInfo{};
  return system_failure(code, "look at", path, errno);
}

}  // namespace

Result<PathInfo> path_info(const std::string& path, Code code) { return info_at(path, 0, code); }

Result<PathInfo> link_info(const std::string& path, Code code) {
  return info_at(path, AT_SYMLINK_NOFOLLOW, code);
}

Result<PathInfo> descriptor_info(int fd, const std::string& path, Code code) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return system_failure(code, "look at", path, errno);
  return to_info(status);
}

Result<std::string> real_path(const std::string& path, Code code) {
  const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr),
                                                        std::free);
  if (resolved == nullptr) return system_failure(code, "resolve", path, errno);
  return std::string(resolved.get());
}

bool is_readable(const std::string& path, PathKind kind) {
  const int mode = kind == PathKind::folder ? R_OK | X_OK : R_OK;
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0;
}

bool is_writable_folder(const std::string& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

Result<bool> is_mount_point(const std::string& path, Code code) {
  // statx says it outright, bind mounts within one file system included.
  struct statx status;
  if (::statx(AT_FDCWD, path.c_str(), AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &status) != 0)
    return system_failure(code, "look at", path, errno);
  if ((status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0)
    return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  MRUN_TRY_ASSIGN(const PathInfo here, path_info(path, code));
  MRUN_TRY_ASSIGN(const PathInfo above, path_info(path + "/..", code));
  return here.device != above.device || here.inode == above.inode;
}

Result<std::uint64_t> free_disk_bytes(const std::string& path, Code code) {
  struct statvfs status;
  if (::statvfs(path.c_str(), &status) != 0)
    return system_failure(code, "ask for the free space of", path, errno);
  // Some file systems have no size of their own: they do not say.
  if (status.f_blocks == 0) return UINT64_MAX;
  const bool is_root = ::geteuid() == 0;
  return std::uint64_t{is_root ? status.f_bfree : status.f_bavail} * status.f_frsize;
}

bool is_pseudo_file(const std::string& path) {
  struct statfs status;
  if (::statfs(path.c_str(), &status) != 0) return false;
  return status.f_type == PROC_SUPER_MAGIC || status.f_type == SYSFS_MAGIC;
}

std::uint32_t effective_user() { return ::geteuid(); }

}  // namespace mrun
