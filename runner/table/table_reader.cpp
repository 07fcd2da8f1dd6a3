// Opens tables, checks what is read of them, and finds the way from the root to a block.
#include "table/table_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "table/table_block.hpp"
#include "table/table_cursor.hpp"

namespace mrun {
namespace {

constexpr char kMendOfTable[] = "restore the file, or run its job again";
/// Nodes remembered as checked: 512 KiB at most.
constexpr std::uint64_t kCheckedNodesMax = std::uint64_t{1} << 16;

std::span<const std::byte> as_bytes(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

}  // namespace

void TableReader::CheckedNodes::resize(std::uint64_t nodes) {
  const std::uint64_t count = std::bit_ceil(
      std::clamp<std::uint64_t>(2 * std::min(nodes, kCheckedNodesMax), 16, kCheckedNodesMax));
  offsets_.reset(new std::atomic<std::uint64_t>[count] {});
  mask_ = count - 1;
}

std::atomic<std::uint64_t>& TableReader::CheckedNodes::place(std::uint64_t offset) const {
  return offsets_[hash64(&offset, sizeof offset) & mask_];
}

Result<std::unique_ptr<TableReader>> TableReader::open(const std::string& path,
                                                       MappedFile::Reading reading) {
  MRUN_TRY_ASSIGN(std::shared_ptr<MappedFile> file, MappedFile::open(path, reading));
  std::unique_ptr<TableReader> reader(new TableReader(std::move(file)));
  MRUN_TRY(reader->open_ends());
  return reader;
}

Result<void> TableReader::open_ends() {
  const std::uint8_t* const data = file_->data();
  const std::uint64_t size = file_->size();
  if (!begins_as_table(as_bytes(data, size)))
    return fail(Code::input, fmt::format("'{}' is not a table", path()),
                "name a part of an output in the format table");
  if (size < kTableHeaderBytes + kTableFooterBytes)
    return damaged("it is cut: its footer is missing", size);
  const std::span<const std::byte, kTableHeaderBytes> header(as_bytes(data, kTableHeaderBytes));
  if (const char* const why = check_table_header(header); why != nullptr) return damaged(why, 0);
  const std::uint64_t footer_at = size - kTableFooterBytes;
  const std::span<const std::byte, kTableFooterBytes> end(
      as_bytes(data + footer_at, kTableFooterBytes));
  const std::optional<TableFooter> footer = decode_table_footer(end);
  if (!footer) return damaged("it is cut, or its footer is damaged", footer_at);
  footer_ = *footer;
  const std::uint64_t bounds_bytes =
      std::uint64_t{footer_.first_key_bytes} + footer_.last_key_bytes;
  if (bounds_bytes > footer_at - kTableHeaderBytes ||
      footer_.bounds_offset != footer_at - bounds_bytes || footer_.levels > kTableLevelsMax ||
      (footer_.levels == 0) != (footer_.entries == 0))
    return damaged("its footer contradicts itself", footer_at);
  const std::uint8_t* const bounds = data + footer_.bounds_offset;
  if (hash64(bounds, bounds_bytes) != footer_.bounds_checksum)
    return damaged("the checksum of its first and last key does not hold", footer_.bounds_offset);
  first_key_ = {bounds, footer_.first_key_bytes};
  last_key_ = {bounds + footer_.first_key_bytes, footer_.last_key_bytes};
  checked_.resize(footer_.nodes);
  if (is_empty()) {
    if (footer_.bounds_offset != kTableHeaderBytes || bounds_bytes != 0 ||
        footer_.root != TableSlot())
      return damaged("its footer contradicts itself", footer_at);
    return {};
  }
  MRUN_TRY_ASSIGN(root_, node(footer_.root, footer_.levels == 1));
  return {};
}

Failure TableReader::damaged(std::string_view what, std::uint64_t offset) const {
  return fail(Code::integrity,
              fmt::format("table '{}' is damaged at offset {}: {}", path(), offset, what),
              kMendOfTable);
}

bool TableReader::holds(const TableSlot& slot) const {
  const std::uint64_t end = footer_.bounds_offset;
  return slot.offset >= kTableHeaderBytes && slot.offset <= end &&
         slot.stored_bytes <= end - slot.offset;
}

Result<TableNode> TableReader::node(const TableSlot& slot, bool is_leaf) const {
  TableNode node;
  if (!holds(slot) || !node.open(file_->data() + slot.offset, slot) ||
      (!is_leaf && slot.lines != 0))
    return damaged("a node does not lie within it", slot.offset);
  if (checked_.has(slot.offset)) return node;
  if (hash64(file_->data() + slot.offset, slot.stored_bytes) != slot.checksum)
    return damaged("the checksum of a node does not hold", slot.offset);
  checked_.add(slot.offset);
  return node;
}

Result<const std::uint8_t*> TableReader::block(const TableSlot& slot) const {
  if (!holds(slot) || slot.slots != 0)
    return damaged("a block does not lie within it", slot.offset);
  const std::uint8_t* const stored = file_->data() + slot.offset;
  if (hash64(stored, slot.stored_bytes) != slot.checksum)
    return damaged("the checksum of a block does not hold", slot.offset);
  return stored;
}

Result<Slice> TableReader::first_key_of(TableSlot slot, std::size_t levels,
                                        std::string& bytes) const {
  for (; levels > 0; --levels) {
    MRUN_TRY_ASSIGN(const TableNode below, node(slot, levels == 1));
    slot = below.slot(0);
  }
  MRUN_TRY_ASSIGN(const std::uint8_t* const stored, block(slot));
  TableBlock decoded;
  if (!decoded.open(stored, slot) || !decoded.to_first())
    return damaged("a block does not decode", slot.offset);
  bytes = decoded.key().view();
  return Slice{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

Result<std::size_t> TableReader::child_for(const TableNode& node, std::size_t levels, Slice key,
                                           std::uint64_t prefix) const {
  // The first child that does not begin before the key.
  std::size_t low = 0, high = node.slots();
  bool is_at = false;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    Side side = node.side_of(key, prefix, middle);
    if (side == Side::unknown) {
      const TableSlot child = node.slot(middle);
      std::string bytes;
      MRUN_TRY_ASSIGN(const Slice first, first_key_of(child, levels, bytes));
      const int order = compare_bytes(key, first);
      side = order > 0 ? Side::after : order < 0 || child.is_continued() ? Side::before : Side::at;
    }
    if (side == Side::after) {
      low = middle + 1;
    } else {
      high = middle;
      is_at = side == Side::at;
    }
  }
  return is_at || low == 0 ? low : low - 1;
}

Result<bool> TableReader::may_hold(Slice key) const {
  if (is_empty() || compare_bytes(key, first_key_) < 0 || compare_bytes(key, last_key_) > 0)
    return false;
  const std::uint64_t prefix = separator_prefix(key);
  TableNode node = root_;
  for (std::size_t levels = footer_.levels - 1; levels > 0; --levels) {
    MRUN_TRY_ASSIGN(const std::size_t child, child_for(node, levels, key, prefix));
    MRUN_TRY_ASSIGN(node, this->node(node.slot(child), levels == 1));
  }
  return node.may_hold(table_hash(key));
}

Result<std::uint64_t> TableReader::rank(Slice key) const {
  TableCursor cursor(*this);
  MRUN_TRY(cursor.seek(key));
  return cursor.rank();
}

}  // namespace mrun
