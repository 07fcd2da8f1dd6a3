#include "os/crash_report.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/check.hpp"

namespace mrun {

thread_local constinit const CrashScene* CrashScope::current_ = nullptr;

namespace {

int status_of_exit = 0;
std::atomic<bool> is_over{false};  // Relaxed: exit() runs after whatever set it in its own thread.

/// A message in memory of its own: a handler must not allocate.
class Message {
 public:
  Message& operator<<(const char* text) {
    // Names of files may hold anything, a terminal is to see none of it.
    for (; *text != '\0' && size_ < bytes_.size(); ++text)
      bytes_[size_++] = static_cast<unsigned char>(*text) < ' ' && *text != '\n' ? '?' : *text;
    return *this;
  }
  Message& operator<<(std::uint64_t number) {
    std::array<char, 24> digits{};
    std::size_t at = digits.size() - 1;
    do digits[--at] = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    return *this << digits.data() + at;
  }
  void write() const {
    if (::write(STDERR_FILENO, bytes_.data(), size_) < 0) return;  // There is nobody else to tell.
  }

 private:
  std::array<char, 1024> bytes_{};
  std::size_t size_ = 0;
};

const char* crash_name(int number) {
  switch (number) {
    case SIGSEGV:
      return "crashed: it touched memory that is not its own, or filled its stack (SIGSEGV)";
    case SIGBUS:
      return "crashed: it touched memory that is not there (SIGBUS)";
    case SIGFPE:
      return "crashed: it divided by zero (SIGFPE)";
    case SIGILL:
      return "crashed: it ran into no instruction (SIGILL)";
    default:
      return "crashed: it aborted (SIGABRT)";
  }
}

void say(const CrashScene& scene, const char* what, const char* hint) {
  Message message;
  message << "mrun: error: job '" << scene.job << "' " << what << "\n  at: ";
  if (scene.file == nullptr) {
    message << scene.task;
  } else {
    const std::uint8_t* const at = scene.at != nullptr ? *scene.at : nullptr;
    const bool is_within = at != nullptr && at >= scene.begin;
    message << "file '" << scene.file << "', offset "
            << scene.offset + (is_within ? static_cast<std::uint64_t>(at - scene.begin) : 0) << " ("
            << scene.task << ")";
  }
  message << "\n  hint: " << hint << "\n";
  message.write();
}

/// Async-signal-safe: memory of its own and write.
void on_crash(int number, siginfo_t* info, void*) {
  const int saved_errno = errno;
  if (const CrashScene* const scene = CrashScope::current(); scene != nullptr) {
    say(*scene, crash_name(number),
        "run the job in the test kit (mrun/test.hpp) with -fsanitize=address; what this run left "
        "is "
        "swept by the next one to the same output");
  }
  // SA_RESETHAND: what comes now is the default. A fault comes again when the instruction does.
  if (info->si_code <= 0) ::raise(number);
  errno = saved_errno;
}

void on_exit() {
  if (is_over.load(std::memory_order_relaxed)) return;
  constexpr char kHint[] = "a job ends a run with mrun::fail(\"why\")";
  if (const CrashScene* const scene = CrashScope::current(); scene != nullptr) {
    say(*scene, "called exit()", kHint);
  } else {
    Message message;
    message << "mrun: error: code of a job called exit()\n  hint: " << kHint << "\n";
    message.write();
  }
  ::_exit(status_of_exit);
}

/// Large enough for the handler and what a sanitizer or a debugger adds.
constexpr std::size_t kStackBytes = std::size_t{64} << 10;

class AlternateStack {
 public:
  AlternateStack() {
    stack_t former{};
    if (::sigaltstack(nullptr, &former) != 0 || (former.ss_flags & SS_DISABLE) == 0) return;
    bytes_.reset(new char[kStackBytes]);
    stack_t stack{};
    stack.ss_sp = bytes_.get();
    stack.ss_size = kStackBytes;
    if (::sigaltstack(&stack, nullptr) != 0) bytes_.reset();
  }
  ~AlternateStack() {
    if (bytes_ == nullptr) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
  }
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;

 private:
  std::unique_ptr<char[]> bytes_;
};

}  // namespace

void report_crashes(int exit_status) {
  status_of_exit = exit_status;
  MRUN_CHECK(std::atexit(on_exit) == 0 && std::at_quick_exit(on_exit) == 0);
  struct sigaction action {};
  action.sa_sigaction = on_crash;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
  MRUN_CHECK(::sigemptyset(&action.sa_mask) == 0);
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    struct sigaction former {};
    MRUN_CHECK(::sigaction(number, nullptr, &former) == 0);
    if ((former.sa_flags & SA_SIGINFO) != 0 || former.sa_handler != SIG_DFL) continue;
    MRUN_CHECK(::sigaction(number, &action, nullptr) == 0);
  }
}

void end_crash_reports() { is_over.store(true, std::memory_order_relaxed); }

void use_alternate_stack() { static thread_local const AlternateStack stack; }

}  // namespace mrun
