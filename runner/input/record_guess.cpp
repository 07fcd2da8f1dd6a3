#include "input/record_guess.hpp"

#include <algorithm>
#include <vector>

#include "input/file_identity.hpp"
#include "os/read_file.hpp"

namespace mrun {
namespace {

/// Quotes that stand where none may, if the text begins with `state`.
std::size_t misplaced_quotes(std::span<const std::uint8_t> text, Delimiter delimiter,
                             CsvState state) {
  std::size_t misplaced = 0;
  for (const std::uint8_t byte : text) {
    const bool is_quote = byte == '"';
    const bool is_end = byte == delimiter.byte || byte == delimiter.separator;
    if (state == CsvState::quotes) {
      if (is_quote) state = CsvState::quote;
      continue;
    }
    if (state == CsvState::quote && is_quote) {
      state = CsvState::quotes;
      continue;
    }
    const bool closes_early = state == CsvState::quote && !is_end && byte != '\r';
    const bool opens_late = state == CsvState::field && is_quote;
    misplaced += closes_early || opens_late ? 1 : 0;
    const bool opens = state == CsvState::border && is_quote;
    state = opens ? CsvState::quotes : is_end ? CsvState::border : CsvState::field;
  }
  return misplaced;
}

}  // namespace

RecordCount guess_records(std::uint64_t offset, std::uint8_t before,
                          std::span<const std::uint8_t> after, Delimiter delimiter) {
  RecordCount guess;
  if (offset == 0) return guess;
  if (delimiter.quoted) {
    const bool is_border = before == delimiter.byte || before == delimiter.separator;
    guess.state = is_border ? CsvState::border : CsvState::field;
    if (misplaced_quotes(after, delimiter, CsvState::quotes) <
        misplaced_quotes(after, delimiter, guess.state))
      guess.state = CsvState::quotes;
  }
  const std::uint64_t records =
      count_records(after.data(), after.size(), delimiter, {0, guess.state}).records;
  const double record_bytes =
      static_cast<double>(after.size() + 1) / static_cast<double>(records + 1);
  guess.records = static_cast<std::uint64_t>(static_cast<double>(offset) / record_bytes);
  return guess;
}

Result<RecordCount> guess_records_before(const InputFile& file, std::uint64_t offset,
                                         Delimiter delimiter) {
  constexpr std::uint64_t kBytesMost = std::uint64_t{64} << 10;  // Mostly read next anyway.
  if (offset == 0) return RecordCount{};
  MRUN_TRY_ASSIGN(const ReadFile opened,
                  opened_input(file, ReadFile::open(file.path, Code::input)));
  const std::uint64_t begin = offset - 1;
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(
      std::min<std::uint64_t>(kBytesMost, file.identity.size_bytes - begin)));
  MRUN_TRY_ASSIGN(const std::size_t got,
                  opened.read_at(std::as_writable_bytes(std::span(bytes)), begin));
  if (got < bytes.size()) return changed_failure(file.path);
  return guess_records(offset, bytes.front(), std::span(bytes).subspan(1), delimiter);
}

}  // namespace mrun
