#include "os/page_pool.hpp"

#include <algorithm>

namespace mrun {

Result<PagePool::Lease> PagePool::take(std::size_t size_bytes) {
  {
    const std::scoped_lock lock(mutex_);
    const auto fitting = std::find_if(free_.begin(), free_.end(), [&](const PageBuffer& buffer) {
      return buffer.size() >= size_bytes;
    });
    if (fitting != free_.end()) {
      std::swap(*fitting, free_.back());
      PageBuffer buffer = std::move(free_.back());
      free_.pop_back();
      return Lease(*this, std::move(buffer));
    }
    // The new one takes the place of one that is too small: soon all are as large as is needed.
    if (!free_.empty()) free_.pop_back();
  }
  MRUN_TRY_ASSIGN(PageBuffer buffer, PageBuffer::allocate(budget_, size_bytes));
  return Lease(*this, std::move(buffer));
}

void PagePool::give_back(PageBuffer buffer) {
  const std::scoped_lock lock(mutex_);
  free_.push_back(std::move(buffer));
}

}  // namespace mrun
