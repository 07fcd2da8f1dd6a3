// Digest128 over the xxHash library, whose vector code is chosen at run time where it offers that.
#include "base/digest.hpp"

// Must not see base/hash.hpp: that inlines xxHash, and the dispatched functions are the library's.
#define XXH_STATIC_LINKING_ONLY
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

namespace mrun {

struct Hash128Stream::State {
  XXH3_state_t xxh3;
};

Hash128Stream::Hash128Stream() : state_(std::make_unique<State>()) {
  XXH3_INITSTATE(&state_->xxh3);
  XXH3_128bits_reset(&state_->xxh3);
}
Hash128Stream::Hash128Stream(Hash128Stream&&) noexcept = default;
Hash128Stream& Hash128Stream::operator=(Hash128Stream&&) noexcept = default;
Hash128Stream::~Hash128Stream() = default;

void Hash128Stream::update(std::span<const std::byte> bytes) noexcept {
  if (!bytes.empty()) XXH3_128bits_update(&state_->xxh3, bytes.data(), bytes.size());
}

Digest128 Hash128Stream::digest() const noexcept {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state_->xxh3);
  return {hash.high64, hash.low64};
}

struct Hash64Stream::State {
  XXH3_state_t xxh3;
};

Hash64Stream::Hash64Stream() : state_(std::make_unique<State>()) {
  XXH3_INITSTATE(&state_->xxh3);
  reset();
}
Hash64Stream::Hash64Stream(Hash64Stream&&) noexcept = default;
Hash64Stream& Hash64Stream::operator=(Hash64Stream&&) noexcept = default;
Hash64Stream::~Hash64Stream() = default;

void Hash64Stream::reset() noexcept { XXH3_64bits_reset(&state_->xxh3); }

void Hash64Stream::update(std::span<const std::byte> bytes) noexcept {
  if (!bytes.empty()) XXH3_64bits_update(&state_->xxh3, bytes.data(), bytes.size());
}

std::uint64_t Hash64Stream::value() const noexcept { return XXH3_64bits_digest(&state_->xxh3); }

std::uint64_t block_hash64(std::span<const std::byte> bytes, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Digest128 digest128(std::span<const std::byte> bytes) noexcept {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

std::string Digest128::hex() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    text[15 - i] = kDigits[hi >> (4 * i) & 15];
    text[31 - i] = kDigits[lo >> (4 * i) & 15];
  }
  return text;
}

}  // namespace mrun
