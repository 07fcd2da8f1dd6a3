// Writes and reads the fixed parts of a table.
#include "table/table_format.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "model/pair_magic.hpp"

namespace mrun {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they lie");

constexpr std::string_view kEndMagic = "mrun-end";
constexpr std::size_t kMagicBytes = 8;
/// Of the footer, without its checksum and magic.
constexpr std::size_t kFooterBodyBytes = 144;

/// Puts numbers one behind another.
class Writer {
 public:
  explicit Writer(std::uint8_t* next) : next_(next) {}
  template <typename Number>
  void put(Number value) {
    std::memcpy(next_, &value, sizeof value);
    next_ += sizeof value;
  }
  void put_slot(const TableSlot& slot) {
    encode_slot(slot, next_);
    next_ += kSlotBytes;
  }
  void put_magic(std::string_view magic) {
    std::memcpy(next_, magic.data(), kMagicBytes);
    next_ += kMagicBytes;
  }

 private:
  std::uint8_t* next_;
};

class Reader {
 public:
  explicit Reader(const std::uint8_t* next) : next_(next) {}
  template <typename Number>
  void take(Number& value) {
    std::memcpy(&value, next_, sizeof value);
    next_ += sizeof value;
  }
  void take_slot(TableSlot& slot) {
    slot = decode_slot(next_);
    next_ += kSlotBytes;
  }
  bool take_magic(std::string_view magic) {
    const bool same = std::memcmp(next_, magic.data(), kMagicBytes) == 0;
    next_ += kMagicBytes;
    return same;
  }

 private:
  const std::uint8_t* next_;
};

std::uint8_t* bytes_of(std::byte* data) { return reinterpret_cast<std::uint8_t*>(data); }
const std::uint8_t* bytes_of(const std::byte* data) {
  return reinterpret_cast<const std::uint8_t*>(data);
}

}  // namespace

void encode_table_header(std::span<std::byte, kTableHeaderBytes> out) {
  Writer writer(bytes_of(out.data()));
  writer.put_magic(kTableMagic);
  writer.put(kTableVersion);
  writer.put(std::uint32_t{0});
}

bool begins_as_table(std::span<const std::byte> in) {
  return in.size() >= kMagicBytes && Reader(bytes_of(in.data())).take_magic(kTableMagic);
}

const char* check_table_header(std::span<const std::byte, kTableHeaderBytes> in) {
  Reader reader(bytes_of(in.data()));
  std::uint32_t version = 0, reserved = 0;
  if (!reader.take_magic(kTableMagic)) return "it does not begin as a table";
  reader.take(version);
  reader.take(reserved);
  if (version != kTableVersion) return "it is of a version that this mrun does not know";
  return reserved == 0 ? nullptr : "its header is damaged";
}

void encode_slot(const TableSlot& slot, std::uint8_t* out) {
  Writer writer(out);
  writer.put(slot.offset);
  writer.put(slot.stored_bytes);
  writer.put(slot.raw_bytes);
  writer.put(slot.entries);
  writer.put(slot.checksum);
  writer.put(slot.prefix);
  writer.put(slot.key_offset);
  writer.put(slot.key_bytes);
  writer.put(slot.codec);
  writer.put(slot.flags);
  writer.put(slot.slots);
  writer.put(slot.lines);
}

TableSlot decode_slot(const std::uint8_t* in) {
  TableSlot slot;
  Reader reader(in);
  reader.take(slot.offset);
  reader.take(slot.stored_bytes);
  reader.take(slot.raw_bytes);
  reader.take(slot.entries);
  reader.take(slot.checksum);
  reader.take(slot.prefix);
  reader.take(slot.key_offset);
  reader.take(slot.key_bytes);
  reader.take(slot.codec);
  reader.take(slot.flags);
  reader.take(slot.slots);
  reader.take(slot.lines);
  return slot;
}

std::uint64_t separator_prefix(Slice key) {
  std::uint64_t word = 0;
  if (key.size != 0) std::memcpy(&word, key.data, std::min<std::size_t>(key.size, sizeof word));
  return __builtin_bswap64(word);
}

int compare_bytes(Slice a, Slice b) {
  const std::size_t both = std::min(a.size, b.size);
  if (both != 0) {
    const int order = std::memcmp(a.data, b.data, both);
    if (order != 0) return order;
  }
  return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
}

void encode_table_footer(const TableFooter& footer, std::span<std::byte, kTableFooterBytes> out) {
  Writer writer(bytes_of(out.data()));
  writer.put_slot(footer.root);
  writer.put(footer.entries);
  writer.put(footer.keys);
  writer.put(footer.blocks);
  writer.put(footer.nodes);
  writer.put(footer.raw_bytes);
  writer.put(footer.bounds_offset);
  writer.put(footer.first_key_bytes);
  writer.put(footer.last_key_bytes);
  writer.put(footer.bounds_checksum);
  writer.put(footer.levels);
  writer.put(std::uint32_t{0});
  writer.put(std::uint64_t{0});
  writer.put(hash64(std::span<const std::byte>(out.first(kFooterBodyBytes))));
  writer.put_magic(kEndMagic);
}

std::optional<TableFooter> decode_table_footer(std::span<const std::byte, kTableFooterBytes> in) {
  TableFooter footer;
  Reader reader(bytes_of(in.data()));
  std::uint32_t reserved = 0;
  std::uint64_t more_reserved = 0, checksum = 0;
  reader.take_slot(footer.root);
  reader.take(footer.entries);
  reader.take(footer.keys);
  reader.take(footer.blocks);
  reader.take(footer.nodes);
  reader.take(footer.raw_bytes);
  reader.take(footer.bounds_offset);
  reader.take(footer.first_key_bytes);
  reader.take(footer.last_key_bytes);
  reader.take(footer.bounds_checksum);
  reader.take(footer.levels);
  reader.take(reserved);
  reader.take(more_reserved);
  reader.take(checksum);
  if (!reader.take_magic(kEndMagic) || checksum != hash64(in.first(kFooterBodyBytes)) ||
      reserved != 0 || more_reserved != 0)
    return std::nullopt;
  return footer;
}

}  // namespace mrun
