// A small UTF-8 reader that tells what may be shown from what may not.
#include "base/escape_text.hpp"

#include <cstdint>

namespace mrun {
namespace {

std::uint32_t byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

/// Length of the character that begins `bytes`, or 0 where that is not well-formed UTF-8.
std::size_t utf8_length(std::string_view bytes) {
  const std::uint32_t first = byte_at(bytes, 0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  std::uint32_t code = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
    code = first & 0x1F;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    code = first & 0x0F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    code = first & 0x07;
  } else {
    return 0;
  }
  if (bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte_at(bytes, i) & 0xC0) != 0x80) return 0;
    code = (code << 6) | (byte_at(bytes, i) & 0x3F);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return overlong || surrogate || code > 0x10FFFF ? 0 : length;
}

bool is_control(std::string_view character) {
  const std::uint32_t first = byte_at(character, 0);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  // U+0080 to U+009F: some terminals obey them as they obey ESC sequences.
  return first == 0xC2 && byte_at(character, 1) < 0xA0;
}

void append_escaped(std::string& out, std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    switch (bytes[i]) {
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += "\\x";
        out += kDigits[byte_at(bytes, i) >> 4];
        out += kDigits[byte_at(bytes, i) & 15];
    }
  }
}

}  // namespace

std::string escape_text(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    const std::string_view character = bytes.substr(0, length == 0 ? 1 : length);
    if (length == 0 || is_control(character)) {
      append_escaped(out, character);
    } else {
      out += character;
    }
    bytes.remove_prefix(character.size());
  }
  return out;
}

std::string excerpt_text(std::string_view bytes, std::size_t bytes_max) {
  if (bytes.size() <= bytes_max) return escape_text(bytes);
  std::size_t cut = bytes_max;
  // Back to the first byte of a character, if one is near; else the bytes are no text anyway.
  for (std::size_t back = 0; back < 4 && back < bytes_max; ++back) {
    if ((byte_at(bytes, bytes_max - back) & 0xC0) == 0x80) continue;
    cut = bytes_max - back;
    break;
  }
  return escape_text(bytes.substr(0, cut)) + "...";
}

}  // namespace mrun
