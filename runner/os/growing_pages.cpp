// Reserves address space on a huge page's border and asks for huge pages where the size pays.
#include "os/growing_pages.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "os/anonymous_pages.hpp"
#include "os/machine.hpp"

namespace mrun {
namespace {

/// Of the address space that is left, one in so many is taken at most: others need theirs, too.
constexpr std::size_t kShare = 16;

bool has_room(std::size_t size_bytes) {
  std::byte* const bytes = map_pages(size_bytes);
  return bytes != nullptr && ::munmap(bytes, size_bytes) == 0;
}

}  // namespace

Result<GrowingPages> GrowingPages::reserve(MemoryBudget& budget, std::size_t least_bytes,
                                           std::size_t most_bytes) {
  GrowingPages pages;
  pages.budget_ = &budget;
  std::size_t wanted = whole_pages(most_bytes);
  while (wanted / 2 >= std::max(least_bytes, page_bytes()) && !has_room(kShare * wanted))
    wanted = whole_pages(wanted / 2);
  std::byte* const bytes = map_from_huge_border(wanted);
  if (bytes == nullptr) return no_address_space(wanted);
  // Else a system that gives huge pages unasked would give some that no budget has.
  ::madvise(bytes, wanted, MADV_NOHUGEPAGE);
  pages.bytes_ = reinterpret_cast<std::uint8_t*>(bytes);
  pages.reserved_ = wanted;
  return pages;
}

Result<void> GrowingPages::resize(std::size_t size_bytes) {
  if (size_bytes > reserved_) {
    errno = ENOMEM;
    return no_address_space(size_bytes);
  }
  const std::size_t before = whole_pages(size_), after = whole_pages(size_bytes);
  if (size_bytes < size_) {
    std::memset(bytes_ + size_bytes, 0, std::min(after, size_) - size_bytes);
    ::madvise(bytes_ + after, before - after, MADV_DONTNEED);
    charge_.shrink_to(after);
  } else if (after > before) {
    MRUN_TRY(charge_pages(*budget_, charge_, after - before));
    const std::size_t huge_from = (before + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
    // Places in it are looked up in no order, so that huge pages pay even where they are cold.
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
