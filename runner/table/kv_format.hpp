// The begin and the end of a kv file (KV_FORMAT.md); between them stands a stream of pairs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/digest.hpp"

namespace mrun {

constexpr std::size_t kKvHeaderBytes = 16;
constexpr std::size_t kKvTrailerBytes = 25;

std::array<std::byte, kKvHeaderBytes> kv_header();
/// Whether bytes that may be no kv file begin as one.
bool begins_as_kv(std::span<const std::byte> in);

/// The end of the pairs and their number; what the digest of all bytes before it follows.
std::array<std::byte, 9> kv_end(std::uint64_t pairs);
std::array<std::byte, 16> kv_digest(const Digest128& digest);

}  // namespace mrun
