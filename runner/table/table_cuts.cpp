#include "table/table_cuts.hpp"

#include <utility>

namespace mrun {

/// Walks the nodes of a table.
class TableCutter {
 public:
  TableCutter(const TableReader& reader, std::uint64_t raw_bytes_most)
      : reader_(reader), raw_bytes_most_(raw_bytes_most) {}

  Result<std::vector<TableCut>> run() && {
    if (!reader_.is_empty()) MRUN_TRY(add_children(reader_.root_, reader_.footer_.levels));
    return std::move(cuts_);
  }

 private:
  /// `levels`: of nodes, from this one down.
  Result<void> add_children(const TableNode& node, std::size_t levels) {
    for (std::size_t i = 0; i < node.slots(); ++i) {
      const TableSlot slot = node.slot(i);
      if (levels > 1 && slot.raw_bytes > raw_bytes_most_) {
        MRUN_TRY_ASSIGN(const TableNode below, reader_.node(slot, levels == 2));
        MRUN_TRY(add_children(below, levels - 1));
      } else {
        cuts_.push_back({std::string(node.separator(slot).view()), slot.raw_bytes});
      }
    }
    return {};
  }

  const TableReader& reader_;
  const std::uint64_t raw_bytes_most_;
  std::vector<TableCut> cuts_;
};

Result<std::vector<TableCut>> cut_table(const TableReader& reader, std::uint64_t raw_bytes_most) {
  return TableCutter(reader, raw_bytes_most).run();
}

}  // namespace mrun
