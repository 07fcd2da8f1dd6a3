// Maps files so that bytes after their end are readable.
#include "os/mapped_file.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "os/errno_text.hpp"
#include "os/machine.hpp"
#include "os/read_file.hpp"

namespace mrun {

Result<std::shared_ptr<MappedFile>> MappedFile::open(const std::string& path, Reading reading) {
  MRUN_TRY_ASSIGN(const ReadFile file, ReadFile::open(path, Code::input));
  if (reading == Reading::once) file.expect_one_reading();
  const std::uint64_t page = page_bytes();
  const std::uint64_t file_bytes = whole_pages(file.info().size_bytes);
  std::shared_ptr<MappedFile> mapped(new MappedFile);
  mapped->path_ = path;
  mapped->info_ = file.info();

  // The file's pages go over the front of a reservation that is one page longer, so that bytes
  // after the end are readable even where the file fills its last page.
  void* reserved = ::mmap(nullptr, file_bytes + page, PROT_READ,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED)
    return system_failure(Code::limit, "find address space for", path, errno,
                          "read with --io pread");
  mapped->data_ = static_cast<std::uint8_t*>(reserved);
  mapped->mapped_bytes_ = file_bytes + page;
  if (file_bytes == 0) return mapped;

  MRUN_TRY(file.map_over(reserved, file_bytes));
  mapped->guard_ = SigbusGuard(reserved, file_bytes);
  if (reading == Reading::once) ::madvise(reserved, file_bytes, MADV_SEQUENTIAL);
  return mapped;
}

MappedFile::~MappedFile() {
  guard_ = SigbusGuard();
  if (data_ != nullptr) ::munmap(data_, mapped_bytes_);
}

void MappedFile::will_need(std::uint64_t offset, std::uint64_t size_bytes) const {
  if (offset >= size()) return;
  const std::uint64_t begin = offset / page_bytes() * page_bytes();
  const std::uint64_t end = std::min(size(), offset + size_bytes);
  // Advice only: what it says does not matter.
  ::madvise(data_ + begin, end - begin, MADV_WILLNEED);
}

}  // namespace mrun
