// SharedLibrary: a library file that is looked at before any of its code runs, then loaded for
// good.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "os/owned_fd.hpp"
#include "os/path_info.hpp"

namespace mrun {

/// Open, read the bytes, judge them, then load. Never unloaded (thread-local destructors and
/// foreign runtimes do not survive that). All errors are Code::plugin.
class SharedLibrary {
 public:
  /// Opens the file that `path` names, without running anything. A path without '/' is in the
  /// current folder. No regular file is an error.
  static Result<SharedLibrary> open(const std::string& path);

  /// The file's bytes, read through the descriptor that was opened. More than `max_bytes` is an
  /// error.
  Result<std::vector<std::byte>> read_bytes(std::size_t max_bytes) const;

  /// Loads the code (RTLD_NOW, RTLD_LOCAL, RTLD_NODELETE) by the real path, and then fails if that
  /// path, or the open file, is no longer what was opened: device, inode, size and ctime.
  Result<void> load();
  /// The address of an exported symbol of the loaded library; an error where there is none.
  Result<void*> symbol(const std::string& name) const;

  const std::string& real_path() const { return real_path_; }
  const PathInfo& info() const { return info_; }

 private:
  SharedLibrary(OwnedFd fd, std::string path, PathInfo info)
      : fd_(std::move(fd)), real_path_(std::move(path)), info_(info) {}
  Result<void> check_same() const;

  OwnedFd fd_;
  std::string real_path_;
  PathInfo info_;
  void* handle_ = nullptr;
};

}  // namespace mrun
