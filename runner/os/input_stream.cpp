// Reads bytes in order from descriptors that may block, without missing a stop.
#include "os/input_stream.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "os/errno_text.hpp"

namespace mrun {
namespace {

/// A signal interrupts only the thread that it hits; any other learns of a stop by waking up.
constexpr int kWakeUpMs = 100;

}  // namespace

Result<InputStream> InputStream::open(const std::string& path) {
  if (path == "-") return InputStream(STDIN_FILENO, OwnedFd(), path);
  // O_NONBLOCK: opening a FIFO must not wait for its writer, or no stop would be seen meanwhile.
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return system_failure(Code::input, "open", path, errno);
  const int number = fd.get();
  return InputStream(number, std::move(fd), path);
}

Result<void> InputStream::wait_readable(const StopFlag& stop) {
  for (;;) {
    if (stop.stopped()) return fail(Code::cancelled, "stopped while reading '" + path_ + "'");
    pollfd waiting{fd_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, kWakeUpMs);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return system_failure(Code::input, "wait for", path_, errno);
  }
}

Result<std::size_t> InputStream::read(std::span<std::byte> bytes, const StopFlag& stop) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    MRUN_TRY(wait_readable(stop));
    const ssize_t got = ::read(fd_, bytes.data() + done, bytes.size() - done);
    if (got == 0) break;
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (errno != EINTR && errno != EAGAIN) {
      return system_failure(Code::input, "read", path_, errno);
    }
  }
  return done;
}

}  // namespace mrun
