// Reserves address space on a huge page's border and asks for huge pages where the size pays.
#include "os/growing_pages.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.hpp"
#include "base/size_text.hpp"
#include "os/errno_text.hpp"
#include "os/machine.hpp"

namespace mrun {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::size_t whole_pages(std::size_t bytes) {
  const std::size_t page = page_bytes();
  return (bytes + page - 1) / page * page;
}

}  // namespace

Result<GrowingPages> GrowingPages::reserve(MemoryBudget& budget, std::size_t most_bytes) {
  GrowingPages pages;
  pages.budget_ = &budget;
  const std::size_t wanted = whole_pages(most_bytes);
  void* const wide = ::mmap(nullptr, wanted + kHugePage, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (wide == MAP_FAILED)
    return fail(Code::limit,
                "the system has no room for " + size_text(wanted) + ": " + errno_text(errno),
                "give less with --memory, or raise the limits of this process");
  auto* const begin = static_cast<std::uint8_t*>(wide);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(begin) & (kHugePage - 1);
  if (before != 0) ::munmap(begin, before);
  ::munmap(begin + before + wanted, kHugePage - before);
  pages.bytes_ = begin + before;
  pages.reserved_ = wanted;
  return pages;
}

Result<void> GrowingPages::resize(std::size_t size_bytes) {
  MRUN_CHECK(size_bytes <= reserved_);
  const std::size_t before = whole_pages(size_), after = whole_pages(size_bytes);
  if (size_bytes < size_) {
    std::memset(bytes_ + size_bytes, 0, std::min(after, size_) - size_bytes);
    ::madvise(bytes_ + after, before - after, MADV_DONTNEED);
    charge_.shrink_to(after);
  } else if (after > before) {
    if (!charge_.try_add(*budget_, after - before))
      return fail(Code::limit,
                  "the memory budget has no room for " + size_text(after - before) + " (" +
                      size_text(budget_->free_bytes()) + " of " +
                      size_text(budget_->limit_bytes()) + " are free)",
                  "give more with --memory, or use fewer threads with -j");
    // Small buffers would leave most of a huge page unused.
    const std::size_t huge_from = (before + kHugePage - 1) / kHugePage * kHugePage;
    if (after >= 2 * kHugePage && huge_from < after)
      ::madvise(bytes_ + huge_from, after - huge_from, MADV_HUGEPAGE);
  }
  size_ = size_bytes;
  return {};
}

GrowingPages::~GrowingPages() {
  if (bytes_ != nullptr) ::munmap(bytes_, reserved_);
}

}  // namespace mrun
