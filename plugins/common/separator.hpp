// The separator of fields as a parameter says it.
#pragma once

#include <optional>
#include <string>

/// "tab", "comma", "space" or one byte; nothing where the text is none of these.
inline std::optional<char> parse_separator(const std::string& text) {
  if (text == "tab") return '\t';
  if (text == "comma") return ',';
  if (text == "space") return ' ';
  if (text.size() == 1) return text.front();
  return std::nullopt;
}
