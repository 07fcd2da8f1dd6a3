#include "table/node_builder.hpp"

#include <algorithm>
#include <cstring>

#include "table/table_filter.hpp"

namespace mrun {
namespace {

// A node of blocks is checked as a whole when it is first needed: small enough for that to be
// cheap, large enough that there are few.
constexpr std::size_t kLeafKeys = 32768;
constexpr std::uint64_t kLeafPlainBytes = std::uint64_t{4} << 20;
constexpr std::size_t kLeafBlocks = 512;
constexpr std::size_t kFanOut = 256;
constexpr std::size_t kSeparatorsBytes = std::size_t{64} << 10;

std::size_t padding_at(std::uint64_t offset) {
  return static_cast<std::size_t>(-offset % kFilterLineBytes);
}

}  // namespace

void NodeBuilder::open_child(Slice separator, std::uint8_t flags) {
  TableSlot& slot = slots_.emplace_back();
  slot.key_offset = static_cast<std::uint32_t>(separators_.size());
  slot.key_bytes = static_cast<std::uint16_t>(separator.size);
  slot.prefix = separator_prefix(separator);
  slot.flags = flags;
  separators_.append(separator.view());
}

void NodeBuilder::close_child(const TableSlot& slot) {
  TableSlot& own = slots_.back();
  own.offset = slot.offset;
  own.stored_bytes = slot.stored_bytes;
  own.raw_bytes = slot.raw_bytes;
  own.entries = slot.entries;
  own.checksum = slot.checksum;
  own.codec = slot.codec;
  own.slots = slot.slots;
  own.lines = slot.lines;
}

bool NodeBuilder::is_full(std::uint64_t plain_bytes) const {
  if (slots_.empty()) return false;
  if (separators_.size() >= kSeparatorsBytes) return true;
  if (slots_.front().slots != 0) return slots_.size() >= kFanOut;
  return hashes_.size() >= kLeafKeys || plain_bytes >= kLeafPlainBytes ||
         slots_.size() >= kLeafBlocks;
}

Slice NodeBuilder::first_separator() const {
  return {reinterpret_cast<const std::uint8_t*>(separators_.data()), slots_.front().key_bytes};
}

std::size_t NodeBuilder::bytes_most() const {
  return (1 + filter_lines(hashes_.size())) * kFilterLineBytes + slots_.size() * kSlotBytes +
         separators_.size();
}

TableSlot NodeBuilder::write(std::uint64_t offset, std::uint8_t* out) const {
  TableSlot slot;
  slot.offset = offset;
  slot.slots = static_cast<std::uint32_t>(slots_.size());
  slot.lines = static_cast<std::uint32_t>(filter_lines(hashes_.size()));
  std::uint8_t* at = out;
  const std::size_t filter_bytes = slot.lines * kFilterLineBytes;
  std::memset(at, 0, padding_at(offset) + filter_bytes);
  at += padding_at(offset);
  for (const std::uint64_t hash : hashes_) add_to_filter(at, slot.lines, hash);
  at += filter_bytes;
  for (const TableSlot& child : slots_) {
    encode_slot(child, at);
    at += kSlotBytes;
    slot.raw_bytes += child.raw_bytes;
    slot.entries += child.entries;
  }
  if (!separators_.empty()) std::memcpy(at, separators_.data(), separators_.size());
  at += separators_.size();
  slot.stored_bytes = static_cast<std::uint64_t>(at - out);
  slot.checksum = hash64(out, slot.stored_bytes);
  return slot;
}

void NodeBuilder::clear() {
  slots_.clear();
  separators_.clear();
  hashes_.clear();
}

}  // namespace mrun
