// What the tests of compressed files share: texts to compress, and what comes back.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/decoder.hpp"
#include "support/random.hpp"

namespace mrun::test_support {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// Runs of one byte, few letters, or any bytes.
inline std::string text_to_compress(Random& random) {
  std::string text(random.below(random.one_in(3) ? 600'000 : 300), 'x');
  const std::uint64_t letters = random.one_in(2) ? 4 : 256;
  if (!random.one_in(4))
    for (char& c : text) c = static_cast<char>(random.below(letters));
  return text;
}

/// What `file` holds, taken in pieces of `piece` bytes into `room` bytes.
inline Result<std::string> content(Compression compression, const std::string& file,
                                   std::size_t piece, std::size_t room) {
  MRUN_TRY_ASSIGN(const auto decoder, make_decoder(compression, decoder_bytes(compression)));
  std::vector<std::byte> buffer(room);
  std::string text;
  for (std::size_t at = 0; at < file.size(); at += piece)
    MRUN_TRY(decode(*decoder, bytes_of(file).subspan(at, std::min(piece, file.size() - at)), buffer,
                    [&](std::span<const std::byte> bytes) -> Result<void> {
                      text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                      return {};
                    }));
  if (!decoder->may_end()) return fail(Code::integrity, "it ends too early");
  return text;
}

}  // namespace mrun::test_support
