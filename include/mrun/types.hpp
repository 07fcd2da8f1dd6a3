// The types that jobs speak in beside the standard ones: None, File, Desc, Record, Chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mrun {

/// No key or no value: takes no bytes and is not printed.
struct None {
  bool operator==(const None&) const = default;
};

/// An input file as a key or value: four bytes, printed as the file's name.
struct File {
  std::uint32_t ordinal = 0;  ///< Of the file in the list of inputs.
  auto operator<=>(const File&) const = default;
};

/// A key field that sorts from the largest to the smallest.
template <typename T>
struct Desc {
  T value{};
  bool operator==(const Desc&) const = default;
};
template <typename T>
Desc(T) -> Desc<T>;

/// One of several inputs of a job, in `static constexpr mrun::Input inputs[] = {{"left"}, {"right",
/// "csv"}};`. On the command line `left=PATH` names it.
struct Input {
  const char* tag;
  const char* records = "lines";
  const char* help = nullptr;
};

/// One input record and where it lies. Its bytes live until map returns.
struct Record {
  std::string_view text;     ///< Without the newline; a CR before it is kept.
  std::uint64_t offset = 0;  ///< Of its first byte in the file.
  std::uint64_t line = 0;    ///< From 1, where the job says `line_numbers = true`; else 0.
  File file;
  std::uint32_t input = 0;  ///< Which of the job's inputs, from 0.
  std::string_view header;  ///< The file's first record, where the input has headers.

  operator std::string_view() const { return text; }  // NOLINT: a record is its text
};

/// Many whole lines as they lie in the input: each with its LF, the last one of a file perhaps
/// without. Where the records are not lines (`--records fixed:N`), each comes alone (`is_record`).
struct Chunk {
  std::string_view text;
  std::uint64_t offset = 0;      ///< Of its first byte in the file.
  std::uint64_t first_line = 0;  ///< From 1, where the job says `line_numbers = true`; else 0.
  File file;
  std::uint32_t input = 0;  ///< Which of the job's inputs, from 0.
  std::string_view header;  ///< The file's first record, where the input has headers.
  bool is_record = false;   ///< The text is one record, whatever bytes it holds.
  /// Where the runner reads which record the job is at; null: nobody does.
  const std::uint8_t** at = nullptr;

  /// The job is at this record of the chunk: what goes wrong from here on is said to be its fault,
  /// and not the first one's. `mrun::lines` and `mrun::Row::each` say so by themselves.
  void is_at(std::string_view record) const {
    if (at != nullptr) *at = reinterpret_cast<const std::uint8_t*>(record.data());
  }

  operator std::string_view() const { return text; }  // NOLINT: a chunk is its text
};

}  // namespace mrun
