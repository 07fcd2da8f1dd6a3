#include "input/record_rules.hpp"

#include <charconv>
#include <string_view>

#include "base/escape_text.hpp"

namespace mrun {

Result<RecordFormat> parse_record_format(const std::string& text) {
  constexpr std::string_view kFixed = "fixed:", kCsv = "csv:";
  if (text == "lines") return RecordFormat{};
  if (text == "nul") return RecordFormat{RecordFormat::Kind::nul, 0, ','};
  if (text == "whole") return RecordFormat{RecordFormat::Kind::whole, 0, ','};
  if (text == "csv") return RecordFormat{RecordFormat::Kind::csv, 0, ','};
  if (text.starts_with(kCsv) && text.size() == kCsv.size() + 1 && text.back() != '"' &&
      text.back() != '\n')
    return RecordFormat{RecordFormat::Kind::csv, 0, static_cast<std::uint8_t>(text.back())};
  std::uint32_t bytes = 0;
  if (text.starts_with(kFixed)) {
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + kFixed.size(), end, bytes);
    if (read.ec == std::errc() && read.ptr == end && bytes >= 1 && bytes <= kFixedRecordBytesMost)
      return RecordFormat{RecordFormat::Kind::fixed, bytes, ','};
  }
  return fail(Code::usage, "'" + excerpt_text(text) + "' is no record format",
              "write lines, nul, whole, csv, csv:SEPARATOR, or fixed:N with N from 1 to " +
                  std::to_string(kFixedRecordBytesMost));
}

}  // namespace mrun
