// Finding what ends records, many bytes at a time: a delimiter byte, or a newline outside quotes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "model/entry.hpp"

namespace mrun {

/// What ends a record that is not of a fixed size.
struct Delimiter {
  std::uint8_t byte = '\n';
  /// CSV: a field that begins with '"' ends with the next single '"'; newlines between them end
  /// nothing, and a quote within another field is a byte like any other.
  bool quoted = false;
  std::uint8_t separator = ',';  ///< Of the fields, where `quoted`.
};

/// Where in CSV the next byte lies.
enum class CsvState : std::uint8_t {
  border,  ///< At the beginning of a field.
  field,   ///< In a field without quotes, or behind a closing one.
  quotes,  ///< Between quotes.
  quote    ///< Behind a quote between quotes: a second one makes it a byte, all else closes.
};

/// What a text holds, and where its end lies.
struct RecordCount {
  std::uint64_t records = 0;
  CsvState state = CsvState::border;
};

/// Counts on from `before` over [data, data + size_bytes).
RecordCount count_records(const std::uint8_t* data, std::size_t size_bytes, Delimiter delimiter,
                          RecordCount before = {});

/// The first end (the position behind a delimiter) in [data, data + size_bytes) that is greater
/// than `after`. `state`: where the text begins.
std::optional<std::size_t> first_end(const std::uint8_t* data, std::size_t size_bytes,
                                     std::size_t after, Delimiter delimiter,
                                     CsvState state = CsvState::border);
/// The last end.
std::optional<std::size_t> last_end(const std::uint8_t* data, std::size_t size_bytes,
                                    Delimiter delimiter, CsvState state = CsvState::border);

/// What one call of `cut_records` did.
struct CutRecords {
  std::size_t records = 0;
  std::size_t consumed_bytes = 0;
  bool in_quotes = false;  ///< The bytes ended, and the last record is still between quotes.
};

/// Lists the records of [data, data + size_bytes) without their delimiters, with the offset of each
/// (`offset` is that of `data`), until the bytes or `records` are used up. Bytes after the last
/// delimiter are a record too. 64 bytes must be readable after the end; `offsets` is as long as
/// `records`.
CutRecords cut_records(const std::uint8_t* data, std::size_t size_bytes, std::uint64_t offset,
                       Delimiter delimiter, std::span<Slice> records,
                       std::span<std::uint64_t> offsets);

}  // namespace mrun
