#include "table/table_node.hpp"

#include <cstring>

namespace mrun {
namespace {

constexpr std::size_t kPrefixAt = 40;
constexpr std::size_t kEntriesAt = 24;

std::uint64_t word_at(const std::uint8_t* slot, std::size_t at) {
  std::uint64_t word;
  std::memcpy(&word, slot + at, sizeof word);
  return word;
}

bool begins_with(Slice key, Slice begin) {
  if (begin.size == 0) return true;  // Its data may be null.
  return key.size >= begin.size && std::memcmp(key.data, begin.data, begin.size) == 0;
}

}  // namespace

bool TableNode::open(const std::uint8_t* data, const TableSlot& slot) {
  const std::size_t padding = -slot.offset % kFilterLineBytes;
  const std::uint64_t fixed = padding + std::uint64_t{slot.lines} * kFilterLineBytes +
                              std::uint64_t{slot.slots} * kSlotBytes;
  if (slot.slots == 0 || slot.slots > kNodeSlotsMax || slot.stored_bytes < fixed) return false;
  lines_ = slot.lines;
  slots_ = slot.slots;
  filter_ = data + padding;
  first_slot_ = filter_ + lines_ * kFilterLineBytes;
  separators_ = data + fixed;
  separator_bytes_ = slot.stored_bytes - fixed;
  return true;
}

Slice TableNode::separator(const TableSlot& slot) const {
  if (slot.key_offset > separator_bytes_ || slot.key_bytes > separator_bytes_ - slot.key_offset)
    return {};
  return {separators_ + slot.key_offset, slot.key_bytes};
}

Side TableNode::side_of(Slice key, std::uint64_t prefix, std::size_t i) const {
  const std::uint64_t own = word_at(first_slot_ + i * kSlotBytes, kPrefixAt);
  if (prefix != own) return prefix < own ? Side::before : Side::after;
  const TableSlot child = slot(i);
  const Slice begin = separator(child);
  if (child.is_cut() && key.size > begin.size && begins_with(key, begin)) return Side::unknown;
  const int order = compare_bytes(key, begin);
  if (order != 0) return order < 0 ? Side::before : Side::after;
  if (child.is_cut()) return Side::before;
  return child.is_continued() ? Side::before : Side::at;
}

std::uint64_t TableNode::entries_before(std::size_t child) const {
  std::uint64_t entries = 0;
  for (std::size_t i = 0; i < child; ++i)
    entries += word_at(first_slot_ + i * kSlotBytes, kEntriesAt);
  return entries;
}

}  // namespace mrun
