// Locks a file with flock, and makes sure that the path still names it.
#include "os/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "os/errno_text.hpp"
#include "os/path_info.hpp"

namespace mrun {

Result<std::optional<FileLock>> FileLock::try_lock(const std::string& path) {
  // Whoever held the lock may have removed the file between our open and our lock; then the lock is
  // on a file that nobody else can find. Each turn means that someone else made progress.
  for (;;) {
    OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return system_failure(Code::output, "open lock file", path, errno);
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return std::optional<FileLock>();
      if (errno != EINTR) return system_failure(Code::output, "lock", path, errno);
    }
    FileLock lock(std::move(fd));
    if (lock.still_named(path)) return std::optional<FileLock>(std::move(lock));
  }
}

bool FileLock::still_named(const std::string& path) const {
  const Result<PathInfo> named = link_info(path, Code::output);
  const Result<PathInfo> locked = descriptor_info(fd_.get(), path, Code::output);
  return named && locked && locked->same_inode(*named);
}

}  // namespace mrun
