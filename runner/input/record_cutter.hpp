// RecordCutter: where records end, for lines and for records of a fixed size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "model/run_options.hpp"

namespace mrun {

/// Bytes at hand: `data` lies `offset` bytes after the file's start.
struct Window {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  std::uint64_t offset = 0;
  bool ends_file = false;  ///< No byte follows in the file: the end of the window ends a record.
};

/// Pure. An end is a position after a record's last byte (its LF included), relative to the window.
class RecordCutter {
 public:
  explicit RecordCutter(RecordFormat format) : format_(format) {}

  bool is_lines() const { return format_.kind == RecordFormat::Kind::lines; }
  std::uint32_t fixed_bytes() const { return format_.fixed_bytes; }

  /// The first end after position `after` and not beyond `limit`. An unterminated last line does
  /// not count: the caller knows what the window's end means.
  std::optional<std::size_t> first_end(const Window& window, std::size_t after,
                                       std::size_t limit) const {
    if (after >= limit) return std::nullopt;
    if (is_lines()) {
      const void* found = std::memchr(window.data + after, '\n', limit - after);
      if (found == nullptr) return std::nullopt;
      return static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - window.data) + 1;
    }
    const std::uint64_t past = (window.offset + after) % format_.fixed_bytes;
    const std::uint64_t end = after + (format_.fixed_bytes - past);
    return end <= limit ? std::optional<std::size_t>(end) : std::nullopt;
  }

  /// The last end that is not beyond `limit`; 0 counts as none.
  std::optional<std::size_t> last_end(const Window& window, std::size_t limit) const {
    std::size_t end = 0;
    if (is_lines()) {
      const void* found = ::memrchr(window.data, '\n', limit);
      if (found != nullptr)
        end = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - window.data) + 1;
    } else {
      const std::uint64_t past = (window.offset + limit) % format_.fixed_bytes;
      end = past < limit ? limit - past : 0;
    }
    return end > 0 ? std::optional<std::size_t>(end) : std::nullopt;
  }

  /// The end of the next block: whole records from the window's start (where one begins), at most
  /// `block_bytes` unless the first record is longer, and only records that begin before file
  /// offset `range_end`. Empty where the first record does not end in the window.
  std::optional<std::size_t> block_end(const Window& window, std::uint64_t range_end,
                                       std::size_t block_bytes) const {
    const std::size_t reach = std::min(window.size, block_bytes);
    const bool sees_file_end = window.ends_file && reach == window.size;
    const std::uint64_t left = range_end - window.offset;
    if (reach >= left) {
      // The record that crosses or touches the range's end is the last one.
      const std::optional<std::size_t> last =
          first_end(window, static_cast<std::size_t>(left) - 1, reach);
      if (last) return last;
    }
    if (sees_file_end) return window.size;
    const std::optional<std::size_t> end = last_end(window, reach);
    if (end) return end;
    const std::optional<std::size_t> beyond = first_end(window, reach, window.size);
    if (!beyond && window.ends_file) return window.size;
    return beyond;
  }

 private:
  RecordFormat format_;
};

}  // namespace mrun
