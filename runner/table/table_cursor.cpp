#include "table/table_cursor.hpp"

#include "base/check.hpp"

namespace mrun {

TableCursor::TableCursor(const TableReader& reader) : reader_(reader) {
  path_.resize(reader.footer_.levels);
  if (!path_.empty()) path_.front().node = reader.root_;
}

Result<void> TableCursor::descend(std::size_t depth, bool to_last) {
  for (; depth < leaf(); ++depth) {
    const TableSlot slot = path_[depth].node.slot(path_[depth].child);
    MRUN_TRY_ASSIGN(path_[depth + 1].node, reader_.node(slot, depth + 1 == leaf()));
    path_[depth + 1].child = to_last ? path_[depth + 1].node.slots() - 1 : 0;
  }
  return open_block();
}

Result<void> TableCursor::descend_to(Slice key) {
  const std::uint64_t prefix = separator_prefix(key);
  for (std::size_t depth = 0;; ++depth) {
    Step& step = path_[depth];
    MRUN_TRY_ASSIGN(step.child, reader_.child_for(step.node, leaf() - depth, key, prefix));
    if (depth == leaf()) return {};
    MRUN_TRY_ASSIGN(path_[depth + 1].node,
                    reader_.node(step.node.slot(step.child), depth + 1 == leaf()));
  }
}

Result<void> TableCursor::open_block() {
  const TableSlot slot = path_.back().node.slot(path_.back().child);
  // No block lies at 0, but a damaged slot may say so.
  if (block_offset_ != 0 && block_offset_ == slot.offset) return {};
  block_offset_ = 0;
  MRUN_TRY_ASSIGN(const std::uint8_t* const stored, reader_.block(slot));
  ++blocks_read_;
  bytes_read_ += slot.stored_bytes;
  if (!block_.open(stored, slot)) return reader_.damaged("a block does not decode", slot.offset);
  block_offset_ = slot.offset;
  return {};
}

Result<bool> TableCursor::move_block(bool forward) {
  for (std::size_t depth = path_.size(); depth-- > 0;) {
    Step& step = path_[depth];
    if (forward ? step.child + 1 >= step.node.slots() : step.child == 0) continue;
    step.child = forward ? step.child + 1 : step.child - 1;
    MRUN_TRY(descend(depth, !forward));
    return true;
  }
  return false;
}

Result<void> TableCursor::moved(bool decoded) {
  valid_ = decoded;
  if (decoded) return {};
  return reader_.damaged("a block does not decode", std::exchange(block_offset_, 0));
}

Result<void> TableCursor::seek_to_first() {
  valid_ = false;
  if (path_.empty()) return {};
  path_.front().child = 0;
  MRUN_TRY(descend(0, false));
  return moved(block_.to_first());
}

Result<void> TableCursor::seek_to_last() {
  valid_ = false;
  if (path_.empty()) return {};
  path_.front().child = path_.front().node.slots() - 1;
  MRUN_TRY(descend(0, true));
  return moved(block_.to_last());
}

Result<void> TableCursor::seek(Slice key) {
  valid_ = false;
  if (path_.empty() || compare_bytes(key, reader_.last_key_) > 0) return {};
  MRUN_TRY(descend_to(key));
  MRUN_TRY(open_block());
  MRUN_TRY(moved(block_.to_key(key)));
  if (!block_.at_end()) return {};
  // Between the block's last key and the next one's first.
  valid_ = false;
  MRUN_TRY_ASSIGN(const bool has_next, move_block(true));
  return has_next ? moved(block_.to_first()) : Result<void>();
}

Result<bool> TableCursor::find(Slice key) {
  valid_ = false;
  if (path_.empty() || compare_bytes(key, reader_.first_key_) < 0 ||
      compare_bytes(key, reader_.last_key_) > 0)
    return false;
  MRUN_TRY(descend_to(key));
  if (!path_.back().node.may_hold(table_hash(key))) return false;
  MRUN_TRY(open_block());
  MRUN_TRY(moved(block_.to_key(key)));
  valid_ = !block_.at_end() && compare_bytes(block_.key(), key) == 0;
  return valid_;
}

Result<void> TableCursor::next() {
  MRUN_CHECK(valid_);
  MRUN_TRY(moved(block_.next()));
  if (!block_.at_end()) return {};
  valid_ = false;
  MRUN_TRY_ASSIGN(const bool has_next, move_block(true));
  return has_next ? moved(block_.to_first()) : Result<void>();
}

Result<void> TableCursor::previous() {
  MRUN_CHECK(valid_);
  if (!block_.at_first()) return moved(block_.previous());
  valid_ = false;
  MRUN_TRY_ASSIGN(const bool has_previous, move_block(false));
  return has_previous ? moved(block_.to_last()) : Result<void>();
}

Result<std::uint64_t> TableCursor::rank() const {
  if (!valid_) return reader_.entries();
  std::uint64_t pairs = 0;
  if (!block_.rank(pairs)) return reader_.damaged("a block does not decode", block_offset_);
  for (const Step& step : path_) pairs += step.node.entries_before(step.child);
  return pairs;
}

}  // namespace mrun
