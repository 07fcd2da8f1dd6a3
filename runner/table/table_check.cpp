// TableReader::check_all: reads a table from begin to end and holds it against every rule of its
// format.
#include <string>

#include "table/table_block.hpp"
#include "table/table_reader.hpp"

namespace mrun {

class TableCheck {
 public:
  explicit TableCheck(const TableReader& table) : table_(table) {}

  Result<void> run() {
    const TableFooter& footer = table_.footer_;
    if (!table_.is_empty()) MRUN_TRY(check_node(footer.root, footer.levels));
    const std::string_view first = table_.first_key_.view(), last = table_.last_key_.view();
    if (next_offset_ != footer.bounds_offset || entries_ != footer.entries ||
        keys_ != footer.keys || blocks_ != footer.blocks || nodes_ != footer.nodes ||
        raw_bytes_ != footer.raw_bytes || (entries_ != 0 && (first_ != first || last_ != last)))
      return table_.damaged("its footer does not say what it holds",
                            table_.file_bytes() - kTableFooterBytes);
    return {};
  }

 private:
  /// What lies below a slot must begin where the one before it ended.
  Result<void> check_node(const TableSlot& slot, std::size_t level) {
    MRUN_TRY_ASSIGN(const TableNode node, table_.node(slot, level == 1));
    const std::uint64_t entries = entries_, raw_bytes = raw_bytes_;
    for (std::size_t i = 0; i < node.slots(); ++i) {
      const TableSlot child = node.slot(i);
      MRUN_TRY(check_separator(node, child, level - 1));
      MRUN_TRY(level == 1 ? check_block(child, node) : check_node(child, level - 1));
    }
    if (slot.offset != next_offset_ || entries_ - entries != slot.entries ||
        raw_bytes_ - raw_bytes != slot.raw_bytes)
      return table_.damaged("a node does not say what lies below it", slot.offset);
    next_offset_ += slot.stored_bytes;
    ++nodes_;
    return {};
  }

  Result<void> check_separator(const TableNode& node, const TableSlot& child, std::size_t levels) {
    std::string first;
    MRUN_TRY(table_.first_key_of(child, levels, first));
    std::string expected = first;
    const bool is_same = entries_ != 0 && first == last_;
    if (entries_ == 0) {
      expected.clear();
    } else if (!is_same) {
      std::size_t size = 0;
      while (size < first.size() && size < last_.size() && first[size] == last_[size]) ++size;
      expected = first.substr(0, size + 1);
    }
    const bool is_cut = expected.size() > kSeparatorBytesMax;
    if (is_cut) expected.resize(kSeparatorBytesMax);
    if (node.separator(child).view() != expected || child.is_cut() != is_cut ||
        child.is_continued() != is_same || child.prefix != separator_prefix(node.separator(child)))
      return table_.damaged("a separator is not that of its child", child.offset);
    return {};
  }

  Result<void> check_block(const TableSlot& slot, const TableNode& node) {
    MRUN_TRY_ASSIGN(const std::uint8_t* const stored, table_.block(slot));
    TableBlock block;
    if (slot.offset != next_offset_ || !block.open(stored, slot) || !block.to_first())
      return table_.damaged("a block does not decode", slot.offset);
    if (!block.restarts_hold())
      return table_.damaged("a block's restarts are not where they should be", slot.offset);
    std::uint64_t count = 0;
    for (; !block.at_end(); ++count) {
      const std::string_view key = block.key().view();
      if (entries_ != 0 && key < last_)
        return table_.damaged("its keys are not in order", slot.offset);
      if (entries_ == 0) first_ = key;
      if (entries_ == 0 || key != last_) {
        if (!node.may_hold(table_hash(block.key())))
          return table_.damaged("a filter lacks a key", slot.offset);
        ++keys_;
        last_ = key;
      }
      ++entries_;
      if (!block.next()) return table_.damaged("a block does not decode", slot.offset);
    }
    if (count != slot.entries)
      return table_.damaged("a block does not hold as many pairs as it should", slot.offset);
    raw_bytes_ += slot.raw_bytes;
    next_offset_ += slot.stored_bytes;
    ++blocks_;
    return {};
  }

  const TableReader& table_;
  std::uint64_t next_offset_ = kTableHeaderBytes;
  std::uint64_t entries_ = 0, keys_ = 0, blocks_ = 0, nodes_ = 0, raw_bytes_ = 0;
  std::string first_, last_;
};

Result<void> TableReader::check_all() const { return TableCheck(*this).run(); }

}  // namespace mrun
