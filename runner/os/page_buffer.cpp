// Maps anonymous memory that is charged first.
#include "os/page_buffer.hpp"

#include <sys/mman.h>

#include <cerrno>

#include "base/size_text.hpp"
#include "os/errno_text.hpp"
#include "os/machine.hpp"

namespace mrun {
namespace {

/// Below this a huge page would be mostly unused at the buffer's ends.
constexpr std::size_t kHugePagesFromBytes = std::size_t{4} << 20;

void* map_pages(std::size_t size_bytes) {
  return ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/// The system places a mapping on a huge page's border for some sizes only, so a larger one is
/// cut to fit.
void* map_on_huge_pages(std::size_t size_bytes) {
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  if (size_bytes > SIZE_MAX - kHugePage) return map_pages(size_bytes);
  void* const wide = map_pages(size_bytes + kHugePage);
  if (wide == MAP_FAILED) return map_pages(size_bytes);
  auto* const begin = static_cast<std::byte*>(wide);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(begin) & (kHugePage - 1);
  if (before != 0) ::munmap(begin, before);
  ::munmap(begin + before + size_bytes, kHugePage - before);
  ::madvise(begin + before, size_bytes, MADV_HUGEPAGE);
  return begin + before;
}

}  // namespace

Result<PageBuffer> PageBuffer::allocate(MemoryBudget& budget, std::size_t size_bytes) {
  PageBuffer buffer;
  if (size_bytes == 0) return buffer;
  const std::size_t page = page_bytes();
  if (size_bytes > SIZE_MAX - page)
    return fail(Code::limit, "cannot allocate " + std::to_string(size_bytes) + " bytes");
  const std::size_t rounded = (size_bytes + page - 1) / page * page;
  if (!buffer.charge_.try_add(budget, rounded))
    return fail(Code::limit,
                "the memory budget has no room for " + size_text(rounded) + " (" +
                    size_text(budget.free_bytes()) + " of " + size_text(budget.limit_bytes()) +
                    " are free)",
                "give more with --memory, or use fewer threads with -j");
  void* const memory =
      rounded >= kHugePagesFromBytes ? map_on_huge_pages(rounded) : map_pages(rounded);
  if (memory == MAP_FAILED)
    return fail(Code::limit,
                "the system has no room for " + size_text(rounded) + ": " + errno_text(errno),
                "give less with --memory, or raise the limits of this process");
  buffer.data_ = static_cast<std::byte*>(memory);
  buffer.size_ = rounded;
  return buffer;
}

PageBuffer::~PageBuffer() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace mrun
