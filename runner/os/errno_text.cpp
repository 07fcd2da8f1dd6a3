// Words for the errors of the system.
#include "os/errno_text.hpp"

#include <cstring>

namespace mrun {

std::string errno_text(int error_number) {
  char buffer[128];
  // The GNU variant returns the text, which need not lie in the buffer.
  return ::strerror_r(error_number, buffer, sizeof buffer);
}

Failure system_failure(Code code, const std::string& operation, const std::string& path,
                       int error_number, std::string hint) {
  return fail(code, "cannot " + operation + " '" + path + "': " + errno_text(error_number),
              std::move(hint));
}

}  // namespace mrun
