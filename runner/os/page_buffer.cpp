// Maps anonymous memory that is charged first.
#include "os/page_buffer.hpp"

#include <sys/mman.h>

#include "os/anonymous_pages.hpp"
#include "os/machine.hpp"

namespace mrun {

Result<PageBuffer> PageBuffer::allocate(MemoryBudget& budget, std::size_t size_bytes) {
  PageBuffer buffer;
  if (size_bytes == 0) return buffer;
  if (size_bytes > SIZE_MAX - page_bytes())
    return fail(Code::limit, "cannot allocate " + std::to_string(size_bytes) + " bytes");
  const std::size_t rounded = whole_pages(size_bytes);
  MRUN_TRY(charge_pages(budget, buffer.charge_, rounded));
  const bool is_huge = rounded >= kHugePagesFromBytes;
  buffer.data_ = is_huge ? map_from_huge_border(rounded) : map_pages(rounded);
  if (buffer.data_ == nullptr) return no_address_space(rounded);
  if (is_huge) choose_page_size(buffer.data_, rounded);
  buffer.size_ = rounded;
  return buffer;
}

PageBuffer::~PageBuffer() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace mrun
