// Writes to the standard output, and asks about the terminal.
#include "os/standard_output.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

void hold_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    // The wrong way for the first two: what would be read or written is an error, not nothing.
    if (::open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY) != fd) return;
  }
}

void ignore_broken_pipes() { ::signal(SIGPIPE, SIG_IGN); }

bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

unsigned stderr_columns() {
  winsize size{};
  constexpr unsigned kUsualColumns = 80;
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

}  // namespace mrun
