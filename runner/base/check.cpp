#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace mrun {

void check_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "mrun: a bug in mrun: %s:%d: %s does not hold; please report it\n", file,
               line, condition);
  std::abort();
}

}  // namespace mrun
