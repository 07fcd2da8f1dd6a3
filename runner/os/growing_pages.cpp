// Reserves address space on a huge page's border and asks for huge pages where the size pays.
#include "os/growing_pages.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "base/check.hpp"
#include "os/anonymous_pages.hpp"
#include "os/machine.hpp"

namespace mrun {

Result<GrowingPages> GrowingPages::reserve(MemoryBudget& budget, std::size_t most_bytes) {
  GrowingPages pages;
  pages.budget_ = &budget;
  const std::size_t wanted = whole_pages(most_bytes);
  pages.bytes_ = reinterpret_cast<std::uint8_t*>(map_from_huge_border(wanted));
  if (pages.bytes_ == nullptr) return no_address_space(wanted);
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
    MRUN_TRY(charge_pages(*budget_, charge_, after - before));
    const std::size_t huge_from = (before + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
    if (after >= kHugePagesFromBytes && huge_from < after)
      ::madvise(bytes_ + huge_from, after - huge_from, MADV_HUGEPAGE);
  }
  size_ = size_bytes;
  return {};
}

GrowingPages::~GrowingPages() {
  if (bytes_ != nullptr) ::munmap(bytes_, reserved_);
}

}  // namespace mrun
