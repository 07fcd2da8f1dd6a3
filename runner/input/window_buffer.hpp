// WindowBuffer: a charged buffer of file bytes that slides forward and grows for long records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "os/page_buffer.hpp"

namespace mrun {

/// 64 bytes after the last one are always readable. One thread at a time.
class WindowBuffer {
 public:
  static constexpr std::size_t kReadableAfterEnd = 64;

  explicit WindowBuffer(MemoryBudget& budget) : budget_(&budget) {}

  MemoryBudget& budget() const { return *budget_; }
  std::uint8_t* data() const { return buffer_.bytes() + begin_; }
  std::size_t size() const { return end_ - begin_; }
  std::size_t capacity() const { return capacity_; }
  /// Room after the bytes.
  std::uint8_t* free_data() const { return buffer_.bytes() + end_; }
  std::size_t free_size() const { return capacity_ - end_; }

  void clear() { begin_ = end_ = 0; }
  void drop_front(std::size_t bytes) { begin_ += bytes; }
  /// Of an empty buffer: leaves room before the bytes to come.
  void leave_front(std::size_t bytes) { begin_ = end_ = bytes; }
  std::size_t front_size() const { return begin_; }
  /// Takes the last `bytes` of the room before the bytes into them; returns where they lie.
  std::uint8_t* add_front(std::size_t bytes) {
    begin_ -= bytes;
    return data();
  }
  void added(std::size_t bytes) { end_ += bytes; }
  void drop_back(std::size_t bytes) { end_ -= bytes; }

  /// Makes room for `wanted` bytes, or, where the budget has less, for half as many and so on, but
  /// not for less than `least`. Code::limit where that is too much. For an empty buffer.
  Result<void> allocate(std::size_t wanted, std::size_t least);
  /// Moves the bytes to the front; doubles the capacity, or more, if there is still no room for
  /// `least` more. `path`, `offset`: of the record that needs it, for the message.
  Result<void> make_room(const std::string& path, std::uint64_t offset, std::size_t least = 1);

  /// No single record may take more of the budget.
  static std::size_t longest_record(const MemoryBudget& budget) { return budget.limit_bytes() / 4; }

 private:
  static constexpr std::size_t kLeastBytes = std::size_t{64} << 10;

  Result<void> reallocate(std::size_t capacity);

  MemoryBudget* budget_;
  PageBuffer buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0, end_ = 0;
};

/// What a record that does not fit is told: file, offset, and the size if it is known (0: not).
Failure record_too_long(const std::string& path, std::uint64_t offset, std::uint64_t size_bytes,
                        const MemoryBudget& budget);

}  // namespace mrun
