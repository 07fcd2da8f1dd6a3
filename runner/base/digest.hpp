// Digest128: the XXH3-128 of a stream of bytes, which names a file's contents in a manifest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace mrun {

/// 128 bits of XXH3. Finds accidents, not attackers.
struct Digest128 {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;

  bool operator==(const Digest128&) const = default;
  /// 32 lower-case digits, as `xxhsum -H2` prints them.
  std::string hex() const;
};

/// Digests bytes as they come. Move-only; a moved-from stream may only be destroyed or assigned.
class Hash128Stream {
 public:
  Hash128Stream();
  Hash128Stream(Hash128Stream&&) noexcept;
  Hash128Stream& operator=(Hash128Stream&&) noexcept;
  ~Hash128Stream();

  void update(std::span<const std::byte> bytes) noexcept;
  /// Of all bytes so far; more may follow.
  Digest128 digest() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// hash64 with seed 0 of bytes as they come. Move-only, as Hash128Stream.
class Hash64Stream {
 public:
  Hash64Stream();
  Hash64Stream(Hash64Stream&&) noexcept;
  Hash64Stream& operator=(Hash64Stream&&) noexcept;
  ~Hash64Stream();

  void update(std::span<const std::byte> bytes) noexcept;
  std::uint64_t value() const noexcept;
  /// Begins anew.
  void reset() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// hash64 of a block of bytes, by the processor's widest vectors: from some hundred bytes on faster
/// than what is inlined.
std::uint64_t block_hash64(std::span<const std::byte> bytes, std::uint64_t seed = 0) noexcept;

/// The digest of bytes that lie in one place.
Digest128 digest128(std::span<const std::byte> bytes) noexcept;

}  // namespace mrun
