// What decoders say of bytes that they cannot decode, and the look at a unit's first bytes.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>

#include "base/compression.hpp"
#include "base/result.hpp"
#include "base/size_text.hpp"

namespace mrun {

inline Failure no_memory() { return fail(Code::limit, "out of memory while decompressing"); }
/// What a file in the format is a row of.
constexpr const char* unit_name(Compression format) {
  if (format == Compression::gzip) return "member";
  return format == Compression::zstd || format == Compression::lz4 ? "frame" : "stream";
}

inline std::string unit_of(Compression format) {
  return std::string(compression_name(format)) + ' ' + unit_name(format);
}

/// The reason where a library's own words depend on the sizes of buffers.
constexpr const char* kWrongForm = "a checksum or its form is wrong";

/// Of the unit that the decoder is in.
inline Failure damaged(Compression format, const char* why) {
  return fail(Code::integrity, "a damaged " + unit_of(format) + ": " + why);
}
/// Of what stands where a unit should begin.
inline Failure no_unit(Compression format) {
  return fail(Code::integrity, "bytes that are no " + unit_of(format));
}
inline Failure window_too_large(Compression format, std::size_t allowed) {
  return fail(Code::limit,
              "its " + std::string(compression_name(format)) +
                  " data needs a larger window than the " + size_text(allowed) +
                  " that --memory leaves for one file",
              "give more with --memory, or decompress it into a pipe: mrun JOB - OUT");
}

/// Compares a unit's first bytes as they come, for the libraries wait until they have more of them
/// than may follow.
template <unsigned... kMagic>
class MagicCheck {
 public:
  /// Whether the unit may go on with `in`.
  bool fits(std::span<const std::byte> in) const {
    constexpr std::array<std::byte, sizeof...(kMagic)> kBytes{std::byte{kMagic}...};
    for (std::size_t i = 0; i < in.size() && passed_ + i < kBytes.size(); ++i)
      if (in[i] != kBytes[passed_ + i]) return false;
    return true;
  }
  void passed(std::size_t bytes) {
    if (passed_ < sizeof...(kMagic)) passed_ += bytes;
  }

 private:
  std::size_t passed_ = 0;
};

}  // namespace mrun
