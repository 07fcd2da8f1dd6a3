// Reads of whole blocks that begin in a view and may end behind it: when they are safe.
//
// Memory is readable or not by pages, so a block that begins in readable memory and stays within
// its page can be read. What lies behind the view is masked away by the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mrun::detail {

/// Whether AddressSanitizer watches this build: it would report such reads, so they are left out.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

/// True where `kBytes` can be read from `at`, which points at readable bytes or is null.
template <std::size_t kBytes>
bool may_read_block(const void* at) {
  // Page offsets 1 .. 4096 - kBytes pass; offset 0 does not, for null has it.
  return !kSanitized && (reinterpret_cast<std::uintptr_t>(at) & 4095) - 1 <= 4095 - kBytes;
}

/// The same pointer, of which the compiler no longer knows to what object it belongs: else it may
/// take a read past that object for a bug, and warn.
template <typename T>
const T* without_bounds(const T* at) {
  __asm__("" : "+r"(at));
  return at;
}

/// What `bits` says of the block of 64 bytes, one bit a byte, of which only the first `left` < 64
/// belong to a view; zero past them.
template <typename Bits>
std::uint64_t bits_of_last(const char* bytes, std::size_t left, const Bits& bits) {
  const std::uint64_t inside = (std::uint64_t{1} << left) - 1;
  if (may_read_block<64>(bytes)) [[likely]]
    return bits(without_bounds(bytes)) & inside;
  char copy[64] = {};
  std::memcpy(copy, bytes, left);
  return bits(static_cast<const char*>(copy)) & inside;
}

}  // namespace mrun::detail
