#include "shuffle/entry_lists.hpp"

#include <utility>

namespace mrun {

bool EntryLists::reserve(std::size_t entries) {
  const std::size_t room = lists_.front().room();
  const std::size_t beyond = entries > room ? entries - room : 0;
  const std::size_t blocks = (beyond + EntryBlock::kEntries - 1) / EntryBlock::kEntries;
  return reserve_blocks(blocks, blocks + 1);
}

bool EntryLists::reserve(std::span<const std::uint32_t> lists) {
  if (spare_.size() >= lists.size() && spare_marks_ >= lists.size()) return true;
  // Those that find their list's block full, or nearly; each may need one more.
  std::size_t blocks = 0, marks = 0;
  for (const std::uint32_t index : lists) {
    const List& list = lists_[index];
    blocks += list.room() < lists.size() ? 1u : 0u;
    marks += list.task != task_ ? 1u : 0u;
  }
  return reserve_blocks(blocks, blocks + marks);
}

bool EntryLists::reserve_blocks(std::size_t blocks, std::size_t marks) {
  if (memory_.take_or_trim([&] { return take_spare(blocks, marks); })) return true;
  give_spare(0);  // Others may need them.
  return false;
}

bool EntryLists::take_spare(std::size_t blocks, std::size_t marks) {
  while (spare_.size() < blocks) {
    Charge items;
    if (!items.try_add(memory_.budget(), kItemBytesPerBlock)) return false;
    std::uint8_t* const block = memory_.entry_blocks().take();
    if (block == nullptr) return false;
    item_charge_.absorb(std::move(items));
    spare_.push_back(reinterpret_cast<EntryBlock*>(block));
  }
  if (spare_marks_ >= marks) return true;
  if (!mark_charge_.try_add(memory_.budget(), (marks - spare_marks_) * kMarkBytes)) return false;
  spare_marks_ = marks;
  return true;
}

// Gives back all spare blocks but `kept`.
void EntryLists::give_spare(std::size_t kept) {
  std::size_t given = 0;
  for (; spare_.size() > kept; ++given) {
    memory_.entry_blocks().give(reinterpret_cast<std::uint8_t*>(spare_.back()));
    spare_.pop_back();
  }
  item_charge_.shrink_to(item_charge_.bytes() - given * kItemBytesPerBlock);
}

// Makes room for an entry of the task.
void EntryLists::open_block(List& list) {
  const bool is_full = list.next == list.end;
  if (is_full) {
    close_block(list);
    list.open = spare_.back();
    spare_.pop_back();
    list.next = list.open->entries;
    list.end = list.next + EntryBlock::kEntries;
    ++blocks_;
  }
  list.marks.push_back(
      {list.open, static_cast<std::uint32_t>(list.next - list.open->entries), task_});
  list.task = task_;
  --spare_marks_;
}

// Makes the count of its open block, if any, that of its entries.
void EntryLists::close_block(List& list) {
  if (list.open == nullptr) return;
  list.open->count = static_cast<std::uint32_t>(list.next - list.open->entries);
  list.open = nullptr;
  list.next = list.end = nullptr;
}

EntryLists::Places EntryLists::next_places(std::size_t entries_most) {
  List& list = lists_.front();
  if (list.next == list.end || list.task != task_) open_block(list);
  const std::size_t count = std::min(entries_most, list.room());
  Entry* const entries = std::exchange(list.next, list.next + count);
  return {{entries, count}, {list.open->parts + (entries - list.open->entries), count}};
}

std::vector<EntrySpan> EntryLists::spans(std::size_t index) {
  List& list = lists_[index];
  close_block(list);
  const std::vector<Mark>& marks = list.marks;
  std::vector<EntrySpan> spans;
  spans.reserve(marks.size());
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const Mark& mark = marks[i];
    const bool goes_on = i + 1 < marks.size() && marks[i + 1].block == mark.block;
    spans.push_back(
        {mark.block, mark.begin, goes_on ? marks[i + 1].begin : mark.block->count, mark.task});
  }
  return spans;
}

void EntryLists::drop(std::size_t index) {
  List& list = lists_[index];
  std::size_t given = 0;
  for (const Mark& mark : list.marks) {
    if (mark.begin != 0) continue;  // The same block again.
    memory_.entry_blocks().give(reinterpret_cast<std::uint8_t*>(mark.block));
    ++given;
  }
  blocks_ -= given;
  item_charge_.shrink_to(item_charge_.bytes() - given * kItemBytesPerBlock);
  list = List();
}

void EntryLists::absorb(EntryLists&& other) {
  std::vector<Mark>& marks = lists_.front().marks;
  for (List& list : other.lists_) {
    close_block(list);
    marks.insert(marks.begin(), list.marks.begin(), list.marks.end());
  }
  spare_.insert(spare_.end(), other.spare_.begin(), other.spare_.end());
  blocks_ += std::exchange(other.blocks_, 0);
  spare_marks_ += other.spare_marks_;
  item_charge_.absorb(std::move(other.item_charge_));
  mark_charge_.absorb(std::move(other.mark_charge_));
  other.lists_.clear();
  other.spare_.clear();
  other.clear();
}

void EntryLists::clear() {
  for (std::size_t list = 0; list < lists_.size(); ++list) drop(list);
  give_spare(0);
  lists_ = std::vector<List>(1);
  item_charge_.reset();
  mark_charge_.reset();
  spare_marks_ = 0;
}

std::size_t EntryLists::size_bytes() const {
  const std::size_t marks = blocks_ == 0 ? 0 : mark_charge_.bytes();
  return blocks_ * (sizeof(EntryBlock) + kItemBytesPerBlock) + marks;
}

}  // namespace mrun
