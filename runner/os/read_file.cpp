// Opens regular files and reads them at offsets.
#include "os/read_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "os/errno_text.hpp"

namespace mrun {

Result<ReadFile> ReadFile::open(const std::string& path, Code code) {
  // O_NONBLOCK: a FIFO that took the file's place must not block; it has no effect on files.
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return system_failure(code, "open", path, errno);
  MRUN_TRY_ASSIGN(const PathInfo info, descriptor_info(fd.get(), path, code));
  if (info.kind != PathKind::file) return fail(code, "'" + path + "' is not a regular file");
  return ReadFile(std::move(fd), path, info, code);
}

Result<std::size_t> ReadFile::read_at(std::span<std::byte> bytes, std::uint64_t offset) const {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(fd_.get(), bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(offset + done));
    if (got == 0) break;
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      return system_failure(code_, "read at offset " + std::to_string(offset + done) + " of", path_,
                            errno);
    }
  }
  return done;
}

void ReadFile::expect_one_reading() const {
  // Advice only: kernels before 6.3 take no notice.
  ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_NOREUSE);
}

Result<void> ReadFile::map_over(void* address, std::size_t size_bytes) const {
  if (::mmap(address, size_bytes, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd_.get(), 0) != MAP_FAILED)
    return {};
  return system_failure(errno == ENOMEM ? Code::limit : code_, "map", path_, errno,
                        "read with --io pread");
}

Result<std::string> read_whole_file(const std::string& path, std::size_t max_bytes, Code code) {
  MRUN_TRY_ASSIGN(const ReadFile file, ReadFile::open(path, code));
  std::string contents;
  constexpr std::size_t kStepBytes = std::size_t{64} << 10;
  // The size is not trusted: the file may grow, and files of procfs say 0.
  for (;;) {
    const std::size_t before = contents.size();
    contents.resize(before + kStepBytes);
    MRUN_TRY_ASSIGN(
        const std::size_t got,
        file.read_at(std::as_writable_bytes(std::span(contents).subspan(before)), before));
    contents.resize(before + got);
    if (contents.size() > max_bytes)
      return fail(code, "'" + path + "' is larger than " + std::to_string(max_bytes) + " bytes");
    if (got == 0) return contents;
  }
}

}  // namespace mrun
