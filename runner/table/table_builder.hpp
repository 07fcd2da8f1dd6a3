// TableBuilder: turns the pairs of a part, which come in order and in pieces of any size, into the
// bytes of a table (TABLE_FORMAT.md).
//
// Its memory does not grow with the table: it holds one block, one node of each level, and the keys
// that it compares with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "codec/block_codec.hpp"
#include "table/table_format.hpp"

namespace mrun {

/// What a finished table holds.
struct TableInfo {
  std::uint64_t entries = 0;
  std::uint64_t keys = 0;
  std::string first_key, last_key;  ///< Whole.
};

/// Move-only; one thread at a time. After an error it may only be destroyed.
class TableBuilder {
 public:
  /// Charged from the begin to the end: blocks, nodes, and four keys of the largest size.
  static constexpr std::size_t kMemoryBytes = std::size_t{3} << 20;
  static constexpr std::size_t memory_bytes(TableCodec codec) {
    return kMemoryBytes + (codec == TableCodec::zstd ? ZstdCompressor::kWorkBytes : 0);
  }

  /// Takes the table's bytes in order.
  using Write = std::function<Result<void>(std::span<const std::byte>)>;
  struct Setup {
    TableCodec codec = TableCodec::lz4;
    MemoryBudget* budget = nullptr;  ///< Outlives the builder.
    std::string name;                ///< Of the part, for messages.
    /// Whether a reduce of the job's own orders the pairs: then a wrong order is its error.
    bool is_ordered_by_job = false;
  };

  /// Code::limit where the budget has no room.
  static Result<TableBuilder> create(Setup setup);
  TableBuilder(TableBuilder&&) noexcept;
  TableBuilder& operator=(TableBuilder&&) noexcept;
  ~TableBuilder();

  /// Takes bytes of a stream of pairs (pair_stream.hpp), cut anywhere, and writes what is ready.
  /// Errors: what `write` says; Code::plugin (or integrity) where a key is smaller than the one
  /// before it; Code::limit where a key or value is larger than a table takes.
  Result<void> append(std::span<const std::byte> pairs, const Write& write);
  /// After the last pair, writes the rest. Call it once.
  Result<TableInfo> finish(const Write& write);

 private:
  class State;
  explicit TableBuilder(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace mrun
