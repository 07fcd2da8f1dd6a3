// Sizes as people write and read them: "4G", "512MiB", "1.5 GiB".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mrun {

/// The bytes that `text` means: digits, perhaps with a decimal fraction, and a unit. K, M, G, T, P
/// (also KiB, KB, k ...) are powers of 1024; no unit, or B, is bytes. Errors are Code::usage and
/// say what is wrong with the text: no number, an unknown unit, a fraction of a byte, too large.
Result<std::uint64_t> parse_size(std::string_view text);

/// The percentage, 1 to 100, that `text` ("60%") means; Code::usage otherwise.
Result<unsigned> parse_percent(std::string_view text);

/// "917 B", "64 MiB", "1.5 GiB": at most four digits.
std::string size_text(std::uint64_t bytes);

}  // namespace mrun
