// BatchCutter: turns blocks of whole records into the batches that a job asked for.
#pragma once

#include <cstdint>

#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "input/block_source.hpp"
#include "input/input_list.hpp"
#include "model/record_batch.hpp"
#include "os/page_buffer.hpp"

namespace mrun {

/// One thread at a time. Line numbers count records, so records of a fixed size have them too.
class BatchCutter {
 public:
  /// Records of one batch where they are listed one by one.
  static constexpr std::size_t kRecordsMax = 4096;

  BatchCutter(RecordCutter cutter, bool chunks, bool line_numbers)
      : cutter_(cutter), chunks_(chunks), line_numbers_(line_numbers) {}

  /// Must succeed before the first `take`: makes room for the lists of records.
  Result<void> prepare(MemoryBudget& budget);

  /// Names the file of the blocks to come, and the number of the first record in them.
  void begin_file(std::uint32_t file, std::uint32_t input, std::uint64_t first_line);
  /// Only when nothing is pending.
  void take(Block block) { block_ = std::move(block); }
  bool has_pending() const { return block_.bytes.size > 0; }
  /// The next batch of what is pending.
  void cut(RecordBatch& batch);

 private:
  void cut_chunk(RecordBatch& batch);
  void cut_records(RecordBatch& batch);
  std::uint64_t records_in(Slice bytes) const;

  RecordCutter cutter_;
  bool chunks_;
  bool line_numbers_;
  PageBuffer lists_;  ///< kRecordsMax slices, then as many offsets.
  Block block_;
  std::uint32_t file_ = 0, input_ = 0;
  std::uint64_t line_ = 0;
};

}  // namespace mrun
