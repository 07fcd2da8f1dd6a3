// The bytes of a table (TABLE_FORMAT.md): constants, slots, footer, checksums and the hash of keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/hash.hpp"
#include "model/entry.hpp"

namespace mrun {

constexpr std::uint32_t kTableVersion = 1;
constexpr std::size_t kTableHeaderBytes = 16;
constexpr std::size_t kTableFooterBytes = 160;
constexpr std::size_t kSlotBytes = 64;
constexpr std::size_t kFilterLineBytes = 64;

/// A writer keeps a key to compare the next one with, so a key has a limit; so has a value.
constexpr std::uint64_t kTableKeyBytesMax = std::uint64_t{256} << 10;
constexpr std::uint64_t kTableValueBytesMax = (std::uint64_t{1} << 32) - 1;

/// No block has more plain bytes, except one of a single pair.
constexpr std::size_t kBlockPlainBytesMax = std::size_t{32} << 10;
/// No block that is compressed decodes to more: plain bytes, longer lengths, restarts.
constexpr std::size_t kBlockRawBytesMax = std::size_t{40} << 10;
constexpr std::size_t kRestartInterval = 16;
constexpr std::size_t kSeparatorBytesMax = 1024;
/// Of a node: far above what a writer makes, and small enough that its sizes never overflow.
constexpr std::size_t kNodeSlotsMax = std::size_t{1} << 16;
constexpr std::size_t kTableLevelsMax = 16;

enum class TableCodec : std::uint8_t { none = 0, lz4 = 1, zstd = 2 };

/// What a node says of one child.
struct TableSlot {
  std::uint64_t offset = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t checksum = 0;
  std::uint64_t prefix = 0;  ///< First 8 bytes of the separator, big-endian, zero-padded.
  std::uint32_t key_offset = 0;
  std::uint16_t key_bytes = 0;
  TableCodec codec = TableCodec::none;
  std::uint8_t flags = 0;
  std::uint32_t slots = 0;  ///< Of a node; 0 of a block.
  std::uint32_t lines = 0;

  static constexpr std::uint8_t kCut = 1;        ///< The separator goes on after what is kept.
  static constexpr std::uint8_t kContinued = 2;  ///< The key before its first one is the same.

  bool is_cut() const { return (flags & kCut) != 0; }
  bool is_continued() const { return (flags & kContinued) != 0; }
  bool operator==(const TableSlot&) const = default;
};

struct TableFooter {
  TableSlot root;
  std::uint64_t entries = 0;
  std::uint64_t keys = 0;
  std::uint64_t blocks = 0;
  std::uint64_t nodes = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t bounds_offset = 0;
  std::uint32_t first_key_bytes = 0;
  std::uint32_t last_key_bytes = 0;
  std::uint64_t bounds_checksum = 0;
  std::uint32_t levels = 0;

  bool operator==(const TableFooter&) const = default;
};

void encode_table_header(std::span<std::byte, kTableHeaderBytes> out);
/// Whether bytes that may be no table begin as one.
bool begins_as_table(std::span<const std::byte> in);
/// Null if `in` is the header of a table of this version, or else why it is not.
const char* check_table_header(std::span<const std::byte, kTableHeaderBytes> in);

void encode_slot(const TableSlot& slot, std::uint8_t* out);
/// Reads kSlotBytes. Of a node whose checksum holds.
TableSlot decode_slot(const std::uint8_t* in);

void encode_table_footer(const TableFooter& footer, std::span<std::byte, kTableFooterBytes> out);
/// None where magic, checksum or reserved bytes do not hold.
std::optional<TableFooter> decode_table_footer(std::span<const std::byte, kTableFooterBytes> in);

/// TableSlot::prefix of a separator, and of a key to compare with it.
std::uint64_t separator_prefix(Slice key);

/// Below zero, zero, above zero, as `a` is before, equal to, after `b` in byte order.
int compare_bytes(Slice a, Slice b);

/// The hash that filters and ends of blocks go by.
inline std::uint64_t table_hash(Slice key) {
  constexpr std::uint64_t kSeed = 0x6d72756e2d746162;
  return hash64(key.data, key.size, kSeed);
}

}  // namespace mrun
