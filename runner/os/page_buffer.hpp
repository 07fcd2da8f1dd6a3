// PageBuffer: a large anonymous mapping, charged to the memory budget before it is made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/memory_budget.hpp"
#include "base/result.hpp"

namespace mrun {

/// Zero-filled memory straight from the system, on huge pages where the system gives them, returned
/// to the system (and to the budget) when destroyed. Move-only.
class PageBuffer {
 public:
  PageBuffer() = default;
  /// Charges and maps `size_bytes` (rounded up to whole pages). Fails with Code::limit where the
  /// budget or the system has no room; nothing is charged then.
  static Result<PageBuffer> allocate(MemoryBudget& budget, std::size_t size_bytes);

  PageBuffer(PageBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        charge_(std::move(other.charge_)) {}
  PageBuffer& operator=(PageBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(charge_, other.charge_);
    return *this;
  }
  ~PageBuffer();

  std::byte* data() const { return data_; }
  std::uint8_t* bytes() const { return reinterpret_cast<std::uint8_t*>(data_); }
  template <typename T>
  T* as() const {
    return reinterpret_cast<T*>(data_);
  }
  std::size_t size() const { return size_; }  ///< In bytes.
  explicit operator bool() const { return data_ != nullptr; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  Charge charge_;
};

}  // namespace mrun
