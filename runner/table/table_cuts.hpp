// cut_table: keys that cut a table into ranges of about equal size, from its index alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "table/table_reader.hpp"

namespace mrun {

/// Where a range of the table begins, and the plain bytes of its pairs up to the next one.
struct TableCut {
  std::string key;  ///< Not above the range's first key, and above all keys before; may be cut.
  std::uint64_t raw_bytes = 0;
};

/// The children of the index, from its root on, that have `raw_bytes_most` or are blocks, in order.
/// Reads nodes only. Errors: those of TableReader.
Result<std::vector<TableCut>> cut_table(const TableReader& reader, std::uint64_t raw_bytes_most);

}  // namespace mrun
