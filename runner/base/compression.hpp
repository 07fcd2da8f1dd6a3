// Compression: the formats of compressed files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mrun {

/// Outputs may be written in the first ones, and inputs read in all.
enum class Compression : std::uint8_t { none, gzip, zstd, lz4, bzip2, xz };

struct CompressionNames {
  std::string_view name;
  std::string_view suffix;  ///< What such a file's name ends with.
};

/// In the order of Compression.
inline constexpr std::array<CompressionNames, 6> kCompressionNames = {{{"none", ""},
                                                                       {"gzip", ".gz"},
                                                                       {"zstd", ".zst"},
                                                                       {"lz4", ".lz4"},
                                                                       {"bzip2", ".bz2"},
                                                                       {"xz", ".xz"}}};

constexpr std::string_view compression_name(Compression compression) {
  return kCompressionNames[static_cast<std::size_t>(compression)].name;
}
constexpr std::string_view compression_suffix(Compression compression) {
  return kCompressionNames[static_cast<std::size_t>(compression)].suffix;
}

/// By the suffix of its name.
constexpr Compression compression_of(std::string_view file_name) {
  for (std::size_t i = 1; i < kCompressionNames.size(); ++i)
    if (file_name.ends_with(kCompressionNames[i].suffix)) return static_cast<Compression>(i);
  return Compression::none;
}

}  // namespace mrun
