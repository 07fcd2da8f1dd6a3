// Keeps Highway from measuring the processor's timer, 3.6 ms at each start of mrun.
//
// libhwy does so in a static initializer, for micro-benchmarks that mrun does not run; Highway is
// here to sort. The executable's definition of the function is found before the library's own.
#include <cstdint>

namespace hwy::platform {

std::uint64_t TimerResolution();
std::uint64_t TimerResolution() { return 1; }

}  // namespace hwy::platform
