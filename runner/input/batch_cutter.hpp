// BatchCutter: turns blocks of whole records into the batches that a job asked for.
#pragma once

#include <cstdint>

#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "input/block_source.hpp"
#include "input/file_header.hpp"
#include "input/input_list.hpp"
#include "input/record_rules.hpp"
#include "model/record_batch.hpp"
#include "os/page_buffer.hpp"

namespace mrun {

/// One thread at a time. Line numbers count records, so records of every format have them.
class BatchCutter {
 public:
  /// Records of one batch where they are listed one by one.
  static constexpr std::size_t kRecordsMax = 4096;

  /// Makes room for the lists of records. `budget` outlives the cutter.
  static Result<BatchCutter> create(const RecordRules& rules, MemoryBudget& budget);

  /// What the blocks to come belong to.
  struct Place {
    const InputFile* file = nullptr;  ///< Outlives the use of the blocks.
    std::uint32_t ordinal = 0;        ///< Of the file in the input list.
    std::uint64_t first_line = 0;     ///< The number of the first record in the blocks.
    /// The first record is the file's header. Where it is not and the file has one: `header`.
    bool begins_with_header = false;
    Slice header;
  };
  /// Only when nothing is pending.
  void begin(const Place& place);
  /// Only when nothing is pending.
  void take(Block block) { block_ = std::move(block); }
  bool has_pending() const { return block_.bytes.size > 0; }
  /// The next batch of what is pending.
  Result<void> cut(RecordBatch& batch);

 private:
  BatchCutter(const RecordRules& rules, MemoryBudget& budget)
      : rules_(rules), cutter_(rules.format), budget_(&budget) {}

  Result<void> cut_header(RecordBatch& batch);
  void cut_chunk(RecordBatch& batch) const;
  Result<void> cut_records(RecordBatch& batch);
  void pass(std::uint64_t size_bytes, std::uint64_t records);

  RecordRules rules_;
  RecordCutter cutter_;
  MemoryBudget* budget_;
  PageBuffer lists_;   // kRecordsMax slices, then as many offsets.
  FileHeader header_;  // Where it stood in the blocks.
  Place place_;
  Block block_;
  std::uint64_t line_ = 0;
};

}  // namespace mrun
