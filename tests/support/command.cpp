// Starts processes with fork and exec, and follows them through a pidfd.
#include "support/command.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace mrun::test_support {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail_with_errno(const char* operation) {
  throw std::runtime_error(std::string(operation) + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int fd, const char* operation) : fd_(fd) {
    if (fd_ < 0) fail_with_errno(operation);
  }
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

std::string read_all(int fd) {
  std::string text;
  char buffer[1 << 16];
  for (off_t offset = 0;;) {
    const ssize_t count = ::pread(fd, buffer, sizeof buffer, offset);
    if (count <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    offset += count;
  }
}

void write_all_and_close(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(fd, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;  // The reader has gone, which is its right.
    done += static_cast<std::size_t>(count);
  }
  ::close(fd);
}

// 0 before exec, when the process still shows the memory of this one.
std::uint64_t anonymous_bytes(pid_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  std::error_code gone;
  if (std::filesystem::equivalent(process + "/exe", "/proc/self/exe", gone) || gone) return 0;
  std::ifstream status(process + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("RssAnon:", 0) == 0) return std::strtoull(line.c_str() + 8, nullptr, 10) * 1024;
  }
  return 0;
}

// Everything between fork and exec; only calls that are safe there.
[[noreturn]] void become(const CommandOptions& options, char* const* argv, char* const* environment,
                         int in, int out, int err) {
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) ::_exit(126);
  // Root without the right to pass over permissions, not another user: the checkout may be root's
  // own.
  for (const int right : {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH}) {
    if (options.obeys_permissions && ::prctl(PR_CAPBSET_DROP, right, 0, 0, 0) != 0) ::_exit(126);
  }
  // The caller may ignore or block signals; the program under test starts with none of that.
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(argv[0], argv, environment);
  ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_with(const std::vector<std::string>& added) {
  std::vector<std::string> all(added);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('=') + 1);
    const bool replaced = std::any_of(added.begin(), added.end(),
                                      [&](const auto& a) { return a.rfind(name, 0) == 0; });
    if (!replaced) all.push_back(text);
  }
  return all;
}

int milliseconds_until(Clock::time_point when) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 1000));
}

// Waits for the end, sending the signal and sampling memory on the way.
int wait_for(pid_t pid, const CommandOptions& options, Clock::time_point start,
             CommandResult& result) {
  Descriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), "pidfd_open");
  const auto timeout_at = start + options.timeout;
  const auto signal_at = start + options.signal_after;
  bool signal_due = options.signal != 0;
  Clock::time_point signalled_at{};
  for (;;) {
    const auto now = Clock::now();
    if (signal_due && now >= signal_at) {
      ::kill(pid, options.signal);
      signalled_at = now;
      signal_due = false;
    }
    if (now >= timeout_at && !result.timed_out) {
      ::kill(pid, SIGKILL);
      result.timed_out = true;
    }
    if (options.measure_memory)
      result.peak_anonymous_bytes = std::max(result.peak_anonymous_bytes, anonymous_bytes(pid));
    pollfd watched{pidfd.get(), POLLIN, 0};
    int ended;
    if (signal_due && signal_at - now < std::chrono::milliseconds(1000)) {
      const auto left =
          std::max<std::int64_t>(0, std::chrono::nanoseconds(signal_at - Clock::now()).count());
      const timespec wait{left / 1'000'000'000, left % 1'000'000'000};
      ended = ::ppoll(&watched, 1, &wait, nullptr);
    } else {
      ended = ::poll(&watched, 1, options.measure_memory ? 2 : milliseconds_until(timeout_at));
    }
    if (ended > 0) break;
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  const auto end = Clock::now();
  result.seconds = std::chrono::duration<double>(end - start).count();
  if (signalled_at != Clock::time_point{})
    result.seconds_after_signal = std::chrono::duration<double>(end - signalled_at).count();
  return status;
}

}  // namespace

CommandResult run_command(const std::vector<std::string>& command, const CommandOptions& options) {
  std::vector<std::string> arguments = command;
  std::vector<std::string> variables = environment_with(options.environment);
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> environment = pointers(variables);

  Descriptor out(::memfd_create("stdout", MFD_CLOEXEC), "memfd_create");
  Descriptor err(::memfd_create("stderr", MFD_CLOEXEC), "memfd_create");
  int pipe_ends[2] = {-1, -1};
  if (options.stdin_pipe && ::pipe2(pipe_ends, O_CLOEXEC) != 0) fail_with_errno("pipe2");
  const std::string in_path = options.stdin_file.empty() ? "/dev/null" : options.stdin_file;
  Descriptor in(options.stdin_pipe ? pipe_ends[0] : ::open(in_path.c_str(), O_RDONLY | O_CLOEXEC),
                in_path.c_str());

  CommandResult result;
  const auto start = Clock::now();
  const pid_t pid = ::fork();
  if (pid < 0) fail_with_errno("fork");
  if (pid == 0) become(options, argv.data(), environment.data(), in.get(), out.get(), err.get());
  in.reset();

  std::thread feeder;
  if (options.stdin_pipe)
    feeder = std::thread(write_all_and_close, pipe_ends[1], std::cref(*options.stdin_pipe));
  const int status = wait_for(pid, options, start, result);
  if (feeder.joinable()) feeder.join();

  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  if (WIFEXITED(status)) result.exit_status = WEXITSTATUS(status);
  result.out = read_all(out.get());
  result.err = read_all(err.get());
  return result;
}

CommandResult run_mrun(std::vector<std::string> arguments, const CommandOptions& options) {
  arguments.insert(arguments.begin(), mrun_path());
  return run_command(arguments, options);
}

std::string mrun_path() { return MRUN_EXECUTABLE; }
std::string test_job(const std::string& name) { return MRUN_TEST_PLUGIN_FOLDER "/" + name + ".so"; }
std::string shipped_job(const std::string& name) { return MRUN_PLUGIN_FOLDER "/" + name + ".so"; }
std::string source_folder() { return MRUN_SOURCE_FOLDER; }

std::string describe(const std::vector<std::string>& arguments, const CommandResult& result) {
  std::string text = "mrun";
  for (const auto& argument : arguments) text += " '" + argument + "'";
  text += "\n  exit status " + std::to_string(result.exit_status) + ", signal " +
          std::to_string(result.signal) + ", " + std::to_string(result.seconds) + " s" +
          (result.timed_out ? ", timed out" : "");
  constexpr std::size_t kShown = 2000;
  return text + "\n  stderr: " + result.err.substr(0, kShown);
}

bool under_sanitizer() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return true;
#else
  return false;
#endif
#else
  return false;
#endif
}

}  // namespace mrun::test_support
