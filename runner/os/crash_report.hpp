// Says where user code was when it crashes the process, or ends it by exit().
#pragma once

#include <cstdint>

namespace mrun {

/// What a thread runs for whom. All that it points at outlives the CrashScope.
struct CrashScene {
  const char* job = nullptr;
  const char* task = nullptr;  ///< "map task 3"
  const char* file = nullptr;  ///< Null: none.
  const std::uint8_t* begin =
      nullptr;  ///< Of the bytes at hand, which lie at `offset` in the file.
  std::uint64_t offset = 0;
  const std::uint8_t* const* at = nullptr;  ///< The record among them; *at may be null.
};

/// While it lives, its thread is in `scene`. Scopes may nest. Two stores to the thread's own
/// memory.
class CrashScope {
 public:
  explicit CrashScope(const CrashScene& scene) : former_(current_) { current_ = &scene; }
  ~CrashScope() { current_ = former_; }
  CrashScope(const CrashScope&) = delete;
  CrashScope& operator=(const CrashScope&) = delete;

  static const CrashScene* current() { return current_; }

 private:
  static thread_local constinit const CrashScene* current_;
  const CrashScene* former_;
};

/// From here on a crash (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) in a scene writes one message
/// and ends the process as it would have ended, and exit() anywhere says that a job's code called
/// it and ends with `exit_status`. Leaves handlers that are there already, such as a sanitizer's.
/// Once per process, before any code of a job is loaded.
void report_crashes(int exit_status);
/// After the last call of a job's code: exit() is ours again.
void end_crash_reports();

/// Gives the calling thread, until it ends, a second stack on which to report that the first one is
/// full.
void use_alternate_stack();

}  // namespace mrun
