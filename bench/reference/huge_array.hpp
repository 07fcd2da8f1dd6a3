// HugeArray: a large zeroed array, on huge pages where that pays.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <type_traits>
#include <utility>

#include "common/fatal.hpp"

namespace mrun::bench {

/// Elements are all-zero at first. Memory is taken from the machine when a page is first touched.
template <typename T>
class HugeArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  HugeArray() = default;
  explicit HugeArray(std::size_t count) : count_(count) {
    if (count == 0) return;
    void* memory = ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) fatal_errno("reserve", "memory");
    if (bytes() >= kHugeFromBytes) ::madvise(memory, bytes(), MADV_HUGEPAGE);
    data_ = static_cast<T*>(memory);
  }
  HugeArray(HugeArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  HugeArray& operator=(HugeArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~HugeArray() {
    if (data_ != nullptr) ::munmap(data_, bytes());
  }

  T* data() const { return data_; }
  std::size_t size() const { return count_; }
  T& operator[](std::size_t index) const { return data_[index]; }

 private:
  static constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
  // For smaller arrays, which come and go, finding and clearing huge pages costs more than it
  // gains.
  static constexpr std::size_t kHugeFromBytes = 16 * kHugePageBytes;

  std::size_t bytes() const {
    return (count_ * sizeof(T) + kHugePageBytes - 1) & ~(kHugePageBytes - 1);
  }

  T* data_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace mrun::bench
