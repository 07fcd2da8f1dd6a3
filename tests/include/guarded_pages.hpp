// Texts that end just before memory that cannot be read.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

namespace sdk_test {

/// Pages whose end is followed by one that cannot be read.
class GuardedPages {
 public:
  GuardedPages() : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    void* const memory =
        mmap(nullptr, page_ * 3, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    begin_ = static_cast<char*>(memory);
    if (mprotect(begin_ + page_ * 2, page_, PROT_NONE) != 0) std::abort();
  }
  ~GuardedPages() { munmap(begin_, page_ * 3); }
  GuardedPages(const GuardedPages&) = delete;
  GuardedPages& operator=(const GuardedPages&) = delete;
  /// A copy of the text that ends `gap` bytes before the guard.
  std::string_view place(std::string_view text, std::size_t gap) const {
    char* const at = begin_ + page_ * 2 - gap - text.size();
    std::memcpy(at, text.data(), text.size());
    return {at, text.size()};
  }

 private:
  std::size_t page_;
  char* begin_;
};

}  // namespace sdk_test
