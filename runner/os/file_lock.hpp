// FileLock: an exclusive lock on a file, gone with the process that holds it, however that dies.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "os/owned_fd.hpp"

namespace mrun {

/// Move-only. Unlocks when it dies; the file stays.
class FileLock {
 public:
  /// Makes the file (0600) where it is missing and locks it without waiting; never follows a link.
  /// Empty where another holder has it. When it returns a lock, `path` still names the locked file.
  /// Errors are Code::output.
  static Result<std::optional<FileLock>> try_lock(const std::string& path);

  /// Whether `path` names the locked file now: false once someone removed or replaced it.
  bool still_named(const std::string& path) const;

 private:
  explicit FileLock(OwnedFd fd) : fd_(std::move(fd)) {}
  OwnedFd fd_;
};

}  // namespace mrun
