// Prints encoded keys and values as text, as the runner does for a job without reduce.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "../codec.hpp"
#include "../plugin.h"

namespace mrun::test {

/// Appends the text of `value` as charconv writes it.
template <typename T>
std::string number_text(T value) {
  char text[32];
  const auto result = std::to_chars(text, text + sizeof text, value);
  return {text, result.ptr};
}

/// The name of an input file, by its ordinal.
inline std::string file_text(const std::vector<std::string>& names, std::uint32_t ordinal) {
  return ordinal < names.size() ? names[ordinal] : std::string();
}

/// Splits an encoded key into its fields' texts. NONE is no field.
inline std::vector<std::string> key_texts(std::string_view key, const std::uint8_t* types,
                                          std::uint32_t n_types,
                                          const std::vector<std::string>& files) {
  std::vector<std::string> texts;
  std::size_t at = 0;
  for (std::uint32_t i = 0; i < n_types; ++i) {
    const bool descending = (types[i] & MRUN_T_DESCENDING) != 0;
    const auto type = static_cast<std::uint8_t>(types[i] & ~MRUN_T_DESCENDING);
    const auto next = [&] {
      if (at >= key.size())
        throw std::runtime_error("an emitted key is shorter than its declared types");
      const auto byte = static_cast<std::uint8_t>(key[at++]);
      return descending ? static_cast<std::uint8_t>(~byte) : byte;
    };
    const auto number = [&](int bytes) {
      std::uint64_t value = 0;
      while (bytes-- > 0) value = value << 8 | next();
      return value;
    };
    switch (type) {
      case MRUN_T_NONE:
        break;
      case MRUN_T_U64:
        texts.push_back(number_text(number(8)));
        break;
      case MRUN_T_I64:
        texts.push_back(number_text(static_cast<std::int64_t>(number(8) ^ detail::kSignBit)));
        break;
      case MRUN_T_F64:
        texts.push_back(number_text(detail::double_of_ordered(number(8))));
        break;
      case MRUN_T_BOOL:
        texts.emplace_back(number(1) != 0 ? "true" : "false");
        break;
      case MRUN_T_FILE:
        texts.push_back(file_text(files, static_cast<std::uint32_t>(number(4))));
        break;
      case MRUN_T_BYTES: {
        std::string text;
        if (i + 1 == n_types && !descending) {
          text = key.substr(at);
          at = key.size();
        } else {
          for (;;) {
            const std::uint8_t byte = next();
            if (byte == 0 && next() == 0x01) break;
            text.push_back(static_cast<char>(byte));
          }
        }
        texts.push_back(std::move(text));
        break;
      }
      default:
        throw std::runtime_error("the job declares a key type that does not exist");
    }
  }
  if (at != key.size())
    throw std::runtime_error("an emitted key is longer than its declared types");
  return texts;
}

/// The text of an encoded value; empty list for NONE.
inline std::vector<std::string> value_texts(std::string_view value, std::uint32_t type,
                                            const std::vector<std::string>& files) {
  const auto word = [&](std::size_t size) {
    if (value.size() != size)
      throw std::runtime_error("an emitted value does not have the size of its declared type");
    std::uint64_t bits = 0;
    std::memcpy(&bits, value.data(), size);
    return bits;
  };
  switch (type) {
    case MRUN_T_NONE:
      return {};
    case MRUN_T_BYTES:
      return {std::string(value)};
    case MRUN_T_U64:
      return {number_text(word(8))};
    case MRUN_T_I64:
      return {number_text(static_cast<std::int64_t>(word(8)))};
    case MRUN_T_F64:
      return {number_text(std::bit_cast<double>(word(8)))};
    case MRUN_T_BOOL:
      return {word(1) != 0 ? "true" : "false"};
    case MRUN_T_FILE:
      return {file_text(files, static_cast<std::uint32_t>(word(4)))};
    default:
      throw std::runtime_error("the job declares a value type that does not exist");
  }
}

}  // namespace mrun::test
