// TableOutput: a finished output of tables, its parts opened when they are needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "output/key_text.hpp"
#include "output/manifest.hpp"
#include "table/table_cursor.hpp"
#include "table/table_reader.hpp"

namespace mrun {

/// What was read of tables.
struct ReadStats {
  std::uint64_t blocks = 0;
  std::uint64_t stored_bytes = 0;  ///< Of the blocks, as they lie in the files.

  void add(const ReadStats& more) {
    blocks += more.blocks;
    stored_bytes += more.stored_bytes;
  }
  /// Adds what a cursor has read.
  void add(const TableCursor& cursor) {
    blocks += cursor.blocks_read();
    stored_bytes += cursor.bytes_read();
  }
};

/// Move-only; one thread at a time.
class TableOutput {
 public:
  /// Reads the manifest. Code::input where `output` is no finished output, Code::usage where its
  /// parts are no tables.
  static Result<TableOutput> open(const std::string& output);

  const PairSchema& schema() const { return schema_; }
  std::size_t part_count() const { return parts_.size(); }
  /// The part's reader, which lives as long as the output. Errors: those of TableReader, and
  /// Code::integrity where it is not what the manifest says.
  Result<const TableReader*> part(std::size_t index);
  /// Parts that were opened so far.
  std::size_t opened_parts() const { return opened_; }

  /// The parts that are not empty, in order.
  std::span<const std::size_t> filled_parts() const { return filled_; }
  /// What the manifest says of the keys of a part that is not empty.
  const KeyBounds& bounds(std::size_t part) const { return *parts_[part].info.keys; }

  /// Appends the parts in which pairs of `key` can be, in order, as far as the manifest says; which
  /// of them do hold some, their filters say. Opens none.
  void find_parts(const KeyReader::Key& key, std::vector<std::size_t>& parts) const;

 private:
  struct Part {
    std::string path;
    PartInfo info;
    std::unique_ptr<TableReader> reader;
  };
  explicit TableOutput(PairSchema schema) : schema_(std::move(schema)) {}

  PairSchema schema_;
  std::vector<Part> parts_;  ///< Of the main output.
  std::vector<std::size_t> filled_;
  std::size_t opened_ = 0;
};

/// Below zero, zero, above zero, as `key` is before, among, after the keys of `wanted`.
int compare_to(std::string_view key, const KeyReader::Key& wanted);

}  // namespace mrun
