#include "os/process_copy.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

namespace mrun {
namespace {

constexpr int kReturned = 77;  // An exit() of what runs in the copy is not mistaken for its end.
constexpr std::chrono::microseconds kNap(200);

[[noreturn]] void be_the_copy(const std::function<void()>& work, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int stream = 0; stream <= 2; ++stream) ::dup2(null, stream);
  work();
  ::_exit(kReturned);
}

}  // namespace

Result<SharedMemory> SharedMemory::create(std::size_t size_bytes) {
  void* const data =
      ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED)
    return fail(Code::limit, "no memory to share with a copy of this process");
  return SharedMemory(data, size_bytes);
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_bytes_(other.size_bytes_) {}

SharedMemory::~SharedMemory() {
  if (data_ != nullptr) ::munmap(data_, size_bytes_);
}

bool run_in_copy(const std::function<void()>& work, double seconds_most) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds_most);
  const pid_t parent = ::getpid();
  const pid_t copy = ::fork();
  if (copy < 0) return false;
  if (copy == 0) be_the_copy(work, parent);
  bool killed = false;
  while (true) {
    int status = 0;
    const pid_t ended = ::waitpid(copy, &status, killed ? 0 : WNOHANG);
    if (ended == copy) return WIFEXITED(status) && WEXITSTATUS(status) == kReturned;
    if (ended < 0 && errno != EINTR) return false;
    if (!killed && std::chrono::steady_clock::now() >= end) {
      ::kill(copy, SIGKILL);
      killed = true;
    }
    if (!killed) std::this_thread::sleep_for(kNap);
  }
}

}  // namespace mrun
