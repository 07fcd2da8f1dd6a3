// Writing JSON: strings of any bytes, quoted.
#pragma once

#include <string>
#include <string_view>

namespace mrun {

/// `text` as a JSON string; bytes that are not UTF-8 as {"hex":"…"}.
std::string json_quoted(std::string_view text);

/// Two lower-case digits a byte.
std::string hex_digits(std::string_view bytes);

/// Whether the bytes are UTF-8 without overlong forms and surrogates.
bool is_utf8(std::string_view bytes);

}  // namespace mrun
