// Bytes made safe to show: names, keys and records may hold terminal escapes or no text at all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mrun {

/// Longest part of a record that a message shows.
inline constexpr std::size_t kExcerptBytesMax = 80;

/// The bytes with control characters (C0, DEL, C1) and what is not UTF-8 as \n, \t, \r or \xNN. All
/// else, backslashes too, stays as it is, so that escaping twice changes nothing more.
std::string escape_text(std::string_view bytes);

/// `escape_text` of the first `bytes_max` bytes, cut between characters, with "..." where there
/// were more.
std::string excerpt_text(std::string_view bytes, std::size_t bytes_max = kExcerptBytesMax);

}  // namespace mrun
