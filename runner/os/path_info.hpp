// PathInfo: what the system knows of a path, and the questions about paths that need the system.
//
// Functions that take a `Code` report failures under it: the same failure is an input error to one
// caller and an output error to another. Names may hold any bytes.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace mrun {

enum class PathKind : std::uint8_t {
  missing,
  file,
  folder,
  link,
  fifo,
  socket,
  char_device,
  block_device,
};

struct PathInfo {
  PathKind kind = PathKind::missing;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint32_t mode = 0;  ///< Permission bits (07777).
  std::uint32_t user = 0;  ///< Owner.

  bool exists() const { return kind != PathKind::missing; }
  bool same_inode(const PathInfo& other) const {
    return exists() && device == other.device && inode == other.inode;
  }
};

/// What `path` names, links followed (stat) or not (lstat). A path whose last name is missing, or
/// that leads through what is missing or no folder, is PathKind::missing and no error; a dangling
/// link is `missing` where links are followed. A loop of links, or no permission, is an error.
Result<PathInfo> path_info(const std::string& path, Code code);
Result<PathInfo> link_info(const std::string& path, Code code);

/// The same of an open descriptor; `path` is for the message only.
Result<PathInfo> descriptor_info(int fd, const std::string& path, Code code);

/// The absolute path without links, "." and "..". The path must exist.
Result<std::string> real_path(const std::string& path, Code code);

/// Whether this process may read (a folder: list and enter) `path`, or make entries in a folder,
/// by its effective ids. A read-only file system is not writable.
bool is_readable(const std::string& path, PathKind kind);
bool is_writable_folder(const std::string& path);

/// Whether something is mounted exactly at this folder. `path` must exist.
Result<bool> is_mount_point(const std::string& path, Code code);

/// Bytes that this user may still write to the file system that holds `path`, quotas aside;
/// UINT64_MAX where it does not say.
Result<std::uint64_t> free_disk_bytes(const std::string& path, Code code);

/// Whether `path` lies on procfs or sysfs, whose files say size 0 and hold bytes all the same.
bool is_pseudo_file(const std::string& path);

/// This process's effective user, to compare with PathInfo::user.
std::uint32_t effective_user();

}  // namespace mrun
