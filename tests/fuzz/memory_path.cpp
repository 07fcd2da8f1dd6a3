#include <sys/mman.h>
#include <unistd.h>

#include "base/check.hpp"
#include "fuzz/targets.hpp"

namespace mrun::test_support {

MemoryPath::MemoryPath(std::span<const std::uint8_t> bytes)
    : fd_(::memfd_create("input", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(fd_)) {
  MRUN_CHECK(fd_ >= 0);
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::write(fd_, bytes.data() + done, bytes.size() - done);
    MRUN_CHECK(count > 0);
    done += static_cast<std::size_t>(count);
  }
}

MemoryPath::~MemoryPath() { ::close(fd_); }

}  // namespace mrun::test_support
