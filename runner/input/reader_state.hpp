// ReaderState: what all sources of one run's records share, and the choice of how a file is read.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "base/stop_flag.hpp"
#include "input/batch_cutter.hpp"
#include "input/block_source.hpp"
#include "input/input_list.hpp"
#include "input/input_reader.hpp"
#include "input/mapped_blocks.hpp"
#include "input/packed_blocks.hpp"
#include "input/packed_file.hpp"
#include "input/record_guess.hpp"
#include "input/record_index.hpp"
#include "input/split_planner.hpp"
#include "input/stream_splitter.hpp"
#include "input/window_buffer.hpp"

namespace mrun {

/// Outlives every source that refers to it. Any thread may call any member.
class ReaderState {
 public:
  ReaderState(const InputList& inputs, const ReaderOptions& options, MemoryBudget& budget,
              const StopFlag& stop)
      : inputs_(inputs), options_(options), budget_(budget), stop_(stop), packed_(stop) {}

  const InputList& inputs() const { return inputs_; }
  const InputFile& file(std::uint32_t ordinal) const { return inputs_.files[ordinal]; }
  const RecordRules& rules(std::uint32_t file_ordinal) const {
    return options_.inputs[file(file_ordinal).input];
  }
  BlockRules block_rules(std::uint32_t file_ordinal) const {
    return {RecordCutter(rules(file_ordinal).format), options_.block_bytes};
  }
  MemoryBudget& budget() const { return budget_; }
  const MappedInputs& mapped() const { return mapped_; }

  /// Code::cancelled once the run has been asked to stop.
  Result<void> check_stop() const;

  /// Whether the file is mapped, unless it is compressed or the system refuses.
  bool is_mapped(const InputFile& input) const;
  /// The blocks of a range: mapped, or read through `buffer`, which outlives them.
  Result<std::unique_ptr<BlockSource>> open_blocks(const SplitRange& range, WindowBuffer& buffer);
  /// Whether the range is a part of a compressed file that several threads read.
  bool is_part(const SplitRange& range) const {
    const InputFile& input = file(range.file);
    return input.is_compressed() && (range.begin > 0 || range.end < input.identity.size_bytes);
  }
  /// The blocks of such a part; waits for its turn. `buffer` outlives them.
  Result<std::unique_ptr<PackedBlocks>> open_part(const SplitRange& range, WindowBuffer& buffer);
  PackedFiles& packed() { return packed_; }
  /// After the last of them; any thread.
  void note_decoded(std::int64_t bytes_more) {
    decoded_bytes_more_.fetch_add(bytes_more, std::memory_order_relaxed);
  }
  std::int64_t decoded_bytes_more() const {
    return decoded_bytes_more_.load(std::memory_order_relaxed);
  }
  /// The number of the record at `offset`, from 1; 0 where the job does not ask for it.
  Result<std::uint64_t> line_at(std::uint32_t file, std::uint64_t offset);
  /// The one splitter of a stream.
  StreamSplitter& stream(std::uint32_t file);

 private:
  Result<RecordCount> records_before(std::uint32_t file, std::uint64_t offset);
  std::size_t stream_split_bytes() const;
  std::size_t stream_decoder_bytes() const;

  const InputList& inputs_;
  const ReaderOptions options_;
  MemoryBudget& budget_;
  const StopFlag& stop_;
  MappedInputs mapped_;
  PackedFiles packed_;
  RecordIndex records_;
  std::atomic<std::int64_t> decoded_bytes_more_{0};  // Relaxed: read once all tasks have ended.
  std::mutex streams_mutex_;
  std::unordered_map<std::uint32_t, std::unique_ptr<StreamSplitter>> streams_;
};

}  // namespace mrun
