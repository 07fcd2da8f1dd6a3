// Buffer: where a job's library puts bytes together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace mrun::detail {

/// Bytes that grow and are reused. 16 more bytes than asked for may be read.
class Buffer {
 public:
  std::uint8_t* room(std::size_t size) {
    return room(size, [](std::size_t) {});
  }
  /// As above, and calls `hold(bytes)` before it allocates much.
  template <typename Hold>
  std::uint8_t* room(std::size_t size, Hold&& hold) {
    if (size + 16 > capacity_) [[unlikely]]
      grow(size + 16, hold);
    return bytes_.get();
  }

 private:
  static constexpr std::size_t kSmallBytes = 64 * 1024;

  template <typename Hold>
  void grow(std::size_t size, Hold&& hold) {
    const std::size_t capacity = size < kSmallBytes / 2 ? 2 * size : size;
    if (capacity > kSmallBytes) hold(capacity);
    bytes_.reset();
    capacity_ = 0;
    bytes_ = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
    capacity_ = capacity;
  }

  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t capacity_ = 0;
};

}  // namespace mrun::detail
