// InputReader: opens the files of a run and hands out their splits' records.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "base/stop_flag.hpp"
#include "input/input_list.hpp"
#include "input/record_rules.hpp"
#include "input/split_planner.hpp"
#include "model/record_batch.hpp"
#include "model/run_options.hpp"

namespace mrun {

struct ReaderOptions {
  std::vector<RecordRules> inputs = std::vector<RecordRules>(1);  ///< By InputFile::input.
  IoMode io = IoMode::automatic;
  bool decompresses = true;                                ///< Streams that are compressed, too.
  std::size_t decoder_bytes_most = std::size_t{16} << 20;  ///< Of each file that is read.
  /// Of the text of a part of a compressed file, decoded ahead.
  std::size_t text_bytes_most = std::size_t{4} << 20;
  /// Line numbers and what quotes of CSV enclose are guessed from near by, where counting would
  /// read all that lies before: for samples.
  bool guesses_records = false;
  std::uint64_t split_bytes = 0;  ///< For cutting streams; 0: the plan's.
  /// The most of a stream's split; the same for any number of threads.
  std::uint64_t stream_split_bytes_most = std::uint64_t{1} << 20;
  std::size_t block_bytes = std::size_t{1} << 20;  ///< Of a chunk, and of what is read at once.
  std::uint64_t map_from_bytes = std::uint64_t{256}
                                 << 10;  ///< IoMode::automatic maps files from this size.
};

/// Shared by all map tasks; any thread may call any member. Outlives every source it hands out.
class InputReader {
 public:
  InputReader(const InputList& inputs, const SplitPlan& plan, const ReaderOptions& options,
              MemoryBudget& budget, const StopFlag& stop);
  ~InputReader();

  /// The records of a split that is not a stream. Where it is a part of a compressed file, waits
  /// until the parts before, which must have been opened or given up, are decoded. A file stays
  /// mapped while a split of it is open or a batch's owner lives. Its identity is checked when it
  /// opens and when the split's part ends.
  Result<std::unique_ptr<BatchSource>> open(const Split& split);

  /// Whether the split is a part of a compressed file that several threads read.
  bool is_part(const Split& split) const;
  /// Whether `open` would have something to do at once, rather than only wait for another thread;
  /// asked of the next split of a file alone.
  bool may_open(const Split& split);
  /// Splits that will never be opened: who waits for them ends with Code::cancelled.
  void give_up(const Split& split);
  /// Where no split may be opened now: returns when that may have changed since `change_count` was
  /// `seen`.
  void wait_for_change(std::uint64_t seen);
  std::uint64_t change_count();

  /// The next split of a stream, cut at a record end; empty at the stream's end. Calls of many
  /// threads are served in turn; `ordinal` numbers them from 0 in stream order.
  struct StreamSplit {
    std::unique_ptr<BatchSource> source;
    std::uint64_t ordinal = 0;
  };
  Result<std::optional<StreamSplit>> next_of_stream(const Split& stream);

  /// Of the bytes in batches, those that decoding added to what the files hold.
  std::int64_t decoded_bytes_more() const;

  /// Checks again that no mapped file has changed since it was listed, after the last read of its
  /// bytes (gathers included). Code::input names the first file that has.
  Result<void> check_unchanged(const ParallelFor& parallel = one_after_another) const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace mrun
