// Writes to the standard output, and asks about the terminal.
#include "os/standard_output.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "os/errno_text.hpp"

namespace mrun {

Result<bool> write_standard_output(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (put >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    } else if (errno == EPIPE) {
      return false;
    } else if (errno == EINTR) {
      // Only the signals that stop a run are handled, and this may wait for ever.
      return fail(Code::cancelled, "stopped while writing to the standard output");
    } else {
      return fail(Code::output, "cannot write to the standard output: " + errno_text(errno));
    }
  }
  return true;
}

Result<bool> write_standard_output(std::span<const std::byte> bytes, const StopFlag& stop) {
  while (!bytes.empty()) {
    if (stop.stopped()) return fail(Code::cancelled, "stopped");
    pollfd ready{STDOUT_FILENO, POLLOUT, 0};
    constexpr int kMilliseconds = 100;
    const int polled = ::poll(&ready, 1, kMilliseconds);
    if (polled == 0 || (polled < 0 && errno == EINTR)) continue;
    // A pipe that is ready takes so many bytes without a wait.
    const std::span<const std::byte> some =
        bytes.first(std::min<std::size_t>(bytes.size(), PIPE_BUF));
    MRUN_TRY_ASSIGN(const bool has_reader, write_standard_output(some));
    if (!has_reader) return false;
    bytes = bytes.subspan(some.size());
  }
  return true;
}

void hold_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    // The wrong way for the first two: what would be read or written is an error, not nothing.
    if (::open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY) != fd) return;
  }
}

void ignore_signals_of_writes() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
}

bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

unsigned stderr_columns() {
  winsize size{};
  constexpr unsigned kUsualColumns = 80;
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

}  // namespace mrun
