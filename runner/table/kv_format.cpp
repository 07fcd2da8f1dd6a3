#include "table/kv_format.hpp"

#include <cstring>

#include "model/pair_magic.hpp"

namespace mrun {
namespace {

constexpr std::uint32_t kVersion = 1;

}  // namespace

std::array<std::byte, kKvHeaderBytes> kv_header() {
  std::array<std::byte, kKvHeaderBytes> header{};
  std::memcpy(header.data(), kKvMagic.data(), kKvMagic.size());
  std::memcpy(header.data() + kKvMagic.size(), &kVersion, sizeof kVersion);
  return header;
}

bool begins_as_kv(std::span<const std::byte> in) {
  return in.size() >= kKvMagic.size() &&
         std::memcmp(in.data(), kKvMagic.data(), kKvMagic.size()) == 0;
}

std::array<std::byte, 9> kv_end(std::uint64_t pairs) {
  std::array<std::byte, 9> end{};
  std::memcpy(end.data() + 1, &pairs, sizeof pairs);
  return end;
}

std::array<std::byte, 16> kv_digest(const Digest128& digest) {
  std::array<std::byte, 16> bytes;
  std::memcpy(bytes.data(), &digest.hi, sizeof digest.hi);
  std::memcpy(bytes.data() + 8, &digest.lo, sizeof digest.lo);
  return bytes;
}

}  // namespace mrun
