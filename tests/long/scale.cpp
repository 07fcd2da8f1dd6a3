// Makes the end-to-end tests that it is linked with fifty times as long, unless the environment
// says otherwise.
#include <cstdlib>

namespace {
[[maybe_unused]] const int kScaleIsSet = ::setenv("MRUN_TEST_SCALE", "50", 0);
}  // namespace
