// PagePool: page buffers that are used again and again, so that the system clears them once.
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "os/page_buffer.hpp"

namespace mrun {

/// Any thread may take buffers and give them back. There are never more than were in use at once;
/// those that are free stay charged to the budget.
class PagePool {
 public:
  /// A buffer that goes back to its pool, which outlives it. Its bytes are what the last user left.
  class Lease {
   public:
    Lease() = default;
    Lease(PagePool& pool, PageBuffer buffer) : pool_(&pool), buffer_(std::move(buffer)) {}
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (buffer_) pool_->give_back(std::move(buffer_));
    }
    const PageBuffer& buffer() const { return buffer_; }

   private:
    PagePool* pool_ = nullptr;
    PageBuffer buffer_;
  };

  explicit PagePool(MemoryBudget& budget) : budget_(budget) {}

  /// A buffer of at least `size_bytes`. Errors: limit.
  Result<Lease> take(std::size_t size_bytes);

 private:
  void give_back(PageBuffer buffer);

  MemoryBudget& budget_;
  std::mutex mutex_;  // Guards what follows.
  std::vector<PageBuffer> free_;
};

}  // namespace mrun
