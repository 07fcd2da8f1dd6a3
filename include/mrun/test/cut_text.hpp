// cut_text: the records of an input text in any format, one byte at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../plugin.h"
#include "pair.hpp"

namespace mrun::test {

/// Where a record lies in its text, without its delimiter. In bytes.
struct TextRecord {
  std::uint64_t offset, size;
};

/// `format` is a text as `--records` takes it. Throws Ended where there is no such format, or where
/// the text ends inside a record of fixed size or between quotes.
inline std::vector<TextRecord> cut_text(const std::string& text, const std::string& format) {
  const bool is_csv = format.rfind("csv", 0) == 0, is_fixed = format.rfind("fixed:", 0) == 0;
  if (format != "lines" && format != "nul" && format != "whole" && !is_csv && !is_fixed)
    throw Ended{MRUN_BAD_CONFIG, "there is no record format " + format};
  const std::uint64_t fixed = is_fixed ? std::stoull(format.substr(6)) : 0;
  const char separator = format.size() == 5 ? format[4] : ',';  // Of "csv:;"

  std::vector<TextRecord> records;
  bool in_quotes = false;
  std::uint64_t begin = 0, field = 0;
  const auto take = [&](std::uint64_t size) {
    const bool has_cr = is_csv && size > 0 && text[begin + size - 1] == '\r';
    records.push_back({begin, has_cr ? size - 1 : size});
  };
  for (std::uint64_t at = 0; at < text.size(); ++at) {
    if (is_csv && text[at] == '"') {
      if (!in_quotes)
        in_quotes = at == field;
      else if (at + 1 < text.size() && text[at + 1] == '"')
        ++at;
      else
        in_quotes = false;
      continue;
    }
    if (!in_quotes && (text[at] == separator || text[at] == '\n')) field = at + 1;
    const bool is_delimiter = format == "nul"
                                  ? text[at] == '\0'
                                  : (format == "lines" || is_csv) && text[at] == '\n' && !in_quotes;
    if (is_fixed && at + 1 == begin + fixed)
      take(fixed);
    else if (is_delimiter)
      take(at - begin);
    else
      continue;
    begin = at + 1;
  }
  if (begin == text.size()) return records;
  if (is_fixed) throw Ended{MRUN_BAD_RECORD, "the input ends inside a record"};
  if (in_quotes) throw Ended{MRUN_BAD_RECORD, "the input ends between quotes"};
  take(text.size() - begin);
  return records;
}

}  // namespace mrun::test
