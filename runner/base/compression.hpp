// Compression: the formats in which output files may be written.
#pragma once

#include <cstdint>
#include <string_view>

namespace mrun {

enum class Compression : std::uint8_t { none, gzip, zstd, lz4 };

/// What such a file's name ends with.
constexpr std::string_view compression_suffix(Compression compression) {
  switch (compression) {
    case Compression::none:
      break;
    case Compression::gzip:
      return ".gz";
    case Compression::zstd:
      return ".zst";
    case Compression::lz4:
      return ".lz4";
  }
  return "";
}

/// By the suffix of its name.
constexpr Compression compression_of(std::string_view file_name) {
  for (const Compression one : {Compression::gzip, Compression::zstd, Compression::lz4})
    if (file_name.ends_with(compression_suffix(one))) return one;
  return Compression::none;
}

}  // namespace mrun
