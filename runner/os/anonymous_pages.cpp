#include "os/anonymous_pages.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <charconv>

#include "base/size_text.hpp"
#include "os/errno_text.hpp"
#include "os/read_file.hpp"

namespace mrun {

Result<void> charge_pages(MemoryBudget& budget, Charge& charge, std::size_t size_bytes) {
  if (charge.try_add(budget, size_bytes)) return {};
  return fail(Code::limit,
              "the memory budget has no room for " + size_text(size_bytes) + " (" +
                  size_text(budget.free_bytes()) + " of " + size_text(budget.limit_bytes()) +
                  " are free)",
              "give more with --memory, or use fewer threads with -j");
}

std::byte* map_pages(std::size_t size_bytes) {
  void* const memory = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<std::byte*>(memory);
}

/// The system places a mapping on a huge page's border for some sizes only, so a larger one is
/// cut to fit.
std::byte* map_from_huge_border(std::size_t size_bytes) {
  if (size_bytes > SIZE_MAX - kHugePageBytes) return map_pages(size_bytes);
  std::byte* const begin = map_pages(size_bytes + kHugePageBytes);
  if (begin == nullptr) return map_pages(size_bytes);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(begin) & (kHugePageBytes - 1);
  if (before != 0) ::munmap(begin, before);
  ::munmap(begin + before + size_bytes, kHugePageBytes - before);
  return begin + before;
}

bool gives_huge_pages_back(std::string_view order) {
  constexpr unsigned kHugeOrder = 9;  // Of 2 MiB, in powers of two of 4 KiB.
  unsigned value = 0;
  const auto [end, error] = std::from_chars(order.data(), order.data() + order.size(), value);
  return error == std::errc() && value <= kHugeOrder;
}

void choose_page_size(void* begin, std::size_t size_bytes) {
  static const bool are_cold = [] {
    const auto order = read_whole_file("/sys/module/page_reporting/parameters/page_reporting_order",
                                       64, Code::limit);
    return order && gives_huge_pages_back(*order);
  }();
  // Advice only: what it says does not matter.
  ::madvise(begin, size_bytes, are_cold ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
}

Failure no_address_space(std::size_t size_bytes) {
  return fail(Code::limit,
              "the system has no room for " + size_text(size_bytes) + ": " + errno_text(errno),
              "give less with --memory, or raise the limits of this process");
}

}  // namespace mrun
