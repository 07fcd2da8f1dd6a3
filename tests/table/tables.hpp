// Tables for tests: made of pairs in memory, written to a file, and opened.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "table/table_builder.hpp"
#include "table/table_reader.hpp"

namespace mrun::test_support {

struct TablePair {
  std::string key;
  std::optional<std::string> value;
};

/// The bytes that a builder is fed with.
std::string pair_stream(const std::vector<TablePair>& pairs);

struct TableMaking {
  TableCodec codec = TableCodec::lz4;
  std::size_t memory_bytes = std::size_t{64} << 20;
  std::uint64_t cut_seed = 0;  ///< Where the stream is cut; 0: nowhere.
  bool is_ordered_by_job = false;
};

/// The bytes of the table.
Result<std::string> make_table(const std::vector<TablePair>& pairs, const TableMaking& making = {});

/// Makes the table, writes it to `path` and opens it. Fails the test where it cannot.
std::unique_ptr<TableReader> open_table(const std::string& path,
                                        const std::vector<TablePair>& pairs,
                                        const TableMaking& making = {});

inline Slice slice_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace mrun::test_support
