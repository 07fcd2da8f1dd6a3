// RecordCutter: where records end, for every format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "input/delimiters.hpp"
#include "model/run_options.hpp"

namespace mrun {

/// Bytes at hand: `data` lies `offset` bytes after the file's start.
struct Window {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  std::uint64_t offset = 0;
  bool ends_file = false;  ///< No byte follows in the file: the end of the window ends a record.
  CsvState state = CsvState::border;  ///< For CSV: where the first byte lies.
};

/// Pure. An end is a position after a record's last byte (its delimiter included), relative to the
/// window.
class RecordCutter {
 public:
  explicit RecordCutter(RecordFormat format) : format_(format) {}

  RecordFormat::Kind kind() const { return format_.kind; }
  bool is_fixed() const { return format_.kind == RecordFormat::Kind::fixed; }
  bool is_whole() const { return format_.kind == RecordFormat::Kind::whole; }
  /// Of all formats but `fixed` and `whole`.
  Delimiter delimiter() const {
    if (format_.kind == RecordFormat::Kind::nul) return {'\0', false, ','};
    return {'\n', format_.kind == RecordFormat::Kind::csv, format_.separator};
  }
  std::uint32_t fixed_bytes() const { return format_.fixed_bytes; }

  /// A whole record without its delimiter and, where `strip_cr`, without a CR.
  Slice text_of(Slice record, bool strip_cr) const {
    const auto drop_last = [&](std::uint8_t byte) {
      if (record.size > 0 && record.data[record.size - 1] == byte) --record.size;
    };
    if (!is_fixed() && !is_whole()) drop_last(delimiter().byte);
    if (strip_cr) drop_last('\r');
    return record;
  }

  /// The first end after position `after` and not beyond `limit`. An unterminated last record does
  /// not count: the caller knows what the window's end means.
  std::optional<std::size_t> first_end(const Window& window, std::size_t after,
                                       std::size_t limit) const {
    if (after >= limit || is_whole()) return std::nullopt;
    if (!is_fixed()) return mrun::first_end(window.data, limit, after, delimiter(), window.state);
    const std::uint64_t past = (window.offset + after) % format_.fixed_bytes;
    const std::uint64_t end = after + (format_.fixed_bytes - past);
    return end <= limit ? std::optional<std::size_t>(end) : std::nullopt;
  }

  /// The last end that is not beyond `limit`.
  std::optional<std::size_t> last_end(const Window& window, std::size_t limit) const {
    if (is_whole()) return std::nullopt;
    if (!is_fixed()) return mrun::last_end(window.data, limit, delimiter(), window.state);
    const std::uint64_t past = (window.offset + limit) % format_.fixed_bytes;
    return past < limit ? std::optional<std::size_t>(limit - past) : std::nullopt;
  }

  /// How many whole records `bytes` hold, which begin with one. Bytes behind the last delimiter
  /// count as one, too.
  std::uint64_t records_in(Slice bytes) const {
    if (is_fixed()) return bytes.size / format_.fixed_bytes;
    if (bytes.size == 0) return 0;
    if (is_whole()) return 1;
    const RecordCount count = count_records(bytes.data, bytes.size, delimiter());
    const bool is_ended =
        count.state != CsvState::quotes && bytes.data[bytes.size - 1] == delimiter().byte;
    return count.records + (is_ended ? 0 : 1);
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
