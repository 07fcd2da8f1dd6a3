// Maps an input file.
#include "reference/mapped_input.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "common/fatal.hpp"

namespace mrun::bench {

MappedInput::MappedInput(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (fd < 0 || ::fstat(fd, &facts) != 0) fatal_errno("open", path);
  size_ = static_cast<std::size_t>(facts.st_size);

  // Memory for the padding comes first; the file is then mapped over the front of it.
  void* room =
      ::mmap(nullptr, size_ + kPaddingBytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) fatal_errno("reserve memory for", path);
  if (size_ != 0 && ::mmap(room, size_, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED)
    fatal_errno("map", path);
  ::close(fd);
  data_ = static_cast<const std::uint8_t*>(room);
}

const std::uint8_t* line_start_from(const MappedInput& input, const std::uint8_t* at) {
  if (at == input.data() || at >= input.end()) return at < input.end() ? at : input.end();
  // A line begins at `at` if the byte before it ends one.
  const auto left = static_cast<std::size_t>(input.end() - at);
  const void* newline = std::memchr(at - 1, '\n', left + 1);
  return newline == nullptr ? input.end() : static_cast<const std::uint8_t*>(newline) + 1;
}

}  // namespace mrun::bench
