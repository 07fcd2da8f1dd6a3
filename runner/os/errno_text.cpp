// Words for the errors of the system.
#include "os/errno_text.hpp"

#include <cerrno>
#include <cstring>

#include "base/escape_text.hpp"

namespace mrun {
namespace {

/// How to mend it, where the number alone says so.
const char* mend_text(int error_number) {
  switch (error_number) {
    case EACCES:
    case EPERM:
      return "change its permissions, or run as a user who may do this";
    case EFBIG:
      return "raise the limit of file sizes (ulimit -f)";
    case EIO:
      return "the disk may be failing: see the system's log";
    case ELOOP:
      return "remove the link that leads to itself";
    case EMFILE:
      return "raise the limit of open files (ulimit -n)";
    case ENAMETOOLONG:
      return "choose a shorter name";
    case EROFS:
      return "choose a folder that can be written";
    default:
      return "";
  }
}

}  // namespace

std::string errno_text(int error_number) {
  char buffer[128];
  // The GNU variant returns the text, which need not lie in the buffer.
  return ::strerror_r(error_number, buffer, sizeof buffer);
}

Failure system_failure(Code code, const std::string& operation, const std::string& path,
                       int error_number, std::string hint) {
  // A name that no file can have need not be shown whole.
  const std::string shown = error_number == ENAMETOOLONG ? excerpt_text(path) : path;
  if (hint.empty()) hint = mend_text(error_number);
  return fail(code, "cannot " + operation + " '" + shown + "': " + errno_text(error_number),
              std::move(hint));
}

}  // namespace mrun
