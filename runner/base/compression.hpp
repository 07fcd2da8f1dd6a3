// Compression: the formats of compressed files.
#pragma once

#include <cstdint>
#include <string_view>

namespace mrun {

/// Outputs may be written in the first ones, and inputs read in all.
enum class Compression : std::uint8_t { none, gzip, zstd, lz4, bzip2, xz };

constexpr std::string_view compression_name(Compression compression) {
  switch (compression) {
    case Compression::none:
      break;
    case Compression::gzip:
      return "gzip";
    case Compression::zstd:
      return "zstd";
    case Compression::lz4:
      return "lz4";
    case Compression::bzip2:
      return "bzip2";
    case Compression::xz:
      return "xz";
  }
  return "none";
}

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
    case Compression::bzip2:
      return ".bz2";
    case Compression::xz:
      return ".xz";
  }
  return "";
}

/// By the suffix of its name.
constexpr Compression compression_of(std::string_view file_name) {
  for (const Compression one : {Compression::gzip, Compression::zstd, Compression::lz4,
                                Compression::bzip2, Compression::xz})
    if (file_name.ends_with(compression_suffix(one))) return one;
  return Compression::none;
}

}  // namespace mrun
