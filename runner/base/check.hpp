// MRUN_CHECK: what only a bug of ours can break. It aborts in release builds too, because a wrong
// result that is committed costs its user more than a crash.
#pragma once

namespace mrun {

/// Prints where and what to stderr and aborts. Never returns.
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace mrun

#define MRUN_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::mrun::check_failed(#condition, __FILE__, __LINE__))
