// The sliding, growing buffer of the readers that copy.
#include "input/window_buffer.hpp"

#include <algorithm>
#include <cstring>

#include "base/size_text.hpp"

namespace mrun {

Result<void> WindowBuffer::reallocate(std::size_t capacity) {
  MRUN_TRY_ASSIGN(PageBuffer larger, PageBuffer::allocate(*budget_, capacity + kReadableAfterEnd));
  if (size() > 0) std::memcpy(larger.bytes(), data(), size());
  end_ = size();
  begin_ = 0;
  buffer_ = std::move(larger);
  capacity_ = capacity;
  return {};
}

Result<void> WindowBuffer::allocate(std::size_t wanted, std::size_t least) {
  for (;;) {
    Result<void> done = reallocate(wanted);
    if (done || wanted / 2 < std::max(kLeastBytes, least)) return done;
    wanted /= 2;
  }
}

Result<void> WindowBuffer::make_room(const std::string& path, std::uint64_t offset,
                                     std::size_t least) {
  if (begin_ > 0) {
    std::memmove(buffer_.bytes(), data(), size());
    end_ -= begin_;
    begin_ = 0;
  }
  if (free_size() >= least) return {};
  const std::size_t larger =
      std::min(std::max(capacity_ * 2, size() + least), longest_record(*budget_));
  if (larger < size() + least) return record_too_long(path, offset, 0, *budget_);
  // The pages that are there may do already.
  if (larger + kReadableAfterEnd <= buffer_.size()) {
    capacity_ = larger;
    return {};
  }
  if (!reallocate(larger)) return record_too_long(path, offset, 0, *budget_);
  return {};
}

Failure record_too_long(const std::string& path, std::uint64_t offset, std::uint64_t size_bytes,
                        const MemoryBudget& budget) {
  std::string message = "'" + path + "': the record at offset " + std::to_string(offset);
  if (size_bytes > 0) message += ", " + size_text(size_bytes) + " long,";
  message += " is too long: --memory leaves " + size_text(WindowBuffer::longest_record(budget)) +
             " for one";
  return fail(Code::limit, std::move(message),
              "give more with --memory; a regular file can be read with --io mmap, which needs no "
              "memory for records");
}

}  // namespace mrun
