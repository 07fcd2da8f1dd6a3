// MapSample: what maps give for a small part of the input, before the real maps begin.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/distinct_curve.hpp"
#include "engine/packing_trial.hpp"
#include "engine/split_groups.hpp"
#include "input/input_reader.hpp"
#include "model/run_options.hpp"
#include "model/user_code.hpp"
#include "output/text_format.hpp"
#include "shuffle/key_borders.hpp"

namespace mrun {

/// What some pairs are, or each key's state once where the job folds. Bytes.
struct PairYield {
  std::uint64_t pairs = 0;
  std::uint64_t held_bytes = 0;    ///< In sort buffers.
  std::uint64_t arena_bytes = 0;   ///< In a combine table, beside the slots.
  std::uint64_t stored_bytes = 0;  ///< In a sorted run, not compressed.
  std::uint64_t text_bytes = 0;    ///< As records of the output.
};

/// The first 16 bytes of a key, or of what its group shares, and how much of the sample it stands
/// for.
struct SampledKey {
  std::uint64_t k0 = 0, k1 = 0;
  std::uint64_t weight = 0;
  std::uint32_t size = 0;
};

/// Plain bytes: it crosses from a copy of the process.
struct MapYield {
  std::uint64_t input_bytes = 0;   ///< That were mapped. 0: there is no sample.
  std::uint64_t pieces = 0;        ///< In so many attempts.
  PairYield emitted;               ///< By map, all pairs.
  PairYield keys;                  ///< The same of each key once, where the job combines.
  PairYield at_end;                ///< What attempts emit when their split ends.
  std::uint64_t record_bytes = 0;  ///< Written as records by map itself, to any output.
  SampledKeys sample;              ///< Of the keys, where the job combines.
  std::array<std::uint64_t, SampledKeys::kLengths> text_of_length{};  ///< Of `keys`, text_bytes.
  bool surely_fits = false;  ///< The first pieces told that nothing spills; there are no more.
  PackedSizes packed;        ///< Of some pairs, sorted.
  /// A sample of the keys, where the job `may_have_ranges`.
  std::array<SampledKey, KeySample::kKept> border_keys{};
  std::size_t border_key_count = 0;
};

struct MapSampleSetup {
  UserCode& job;
  const InputList& inputs;
  const SplitPlan& plan;
  const ReaderOptions& reading;
  const std::vector<RecordFormat>& formats;  ///< By the job's inputs.
  const PairFormatter& formatter;
  const StopFlag& stop;
  Storage& storage;
  /// Scratch folders whose speed decides whether runs are packed; none where that is fixed.
  std::vector<std::string> tried_folders;
  std::uint32_t partitions = 1;
  std::size_t block_bytes = 0;     ///< Of runs.
  std::size_t run_bytes_most = 0;  ///< About what a run holds.
  std::size_t memory_bytes = 0;    ///< To read with.
  /// What pairs of a run may take before they spill. 0: a whole sample is mapped even where surely
  /// none do.
  std::size_t sort_bytes = 0;
  double seconds_most = 1;
};

/// Null where the input can be sampled, or else why not, as the end of "no estimate: ".
const char* why_no_sample(const InputList& inputs, std::span<const RecordFormat> formats);

/// Maps pieces of 64 to 256 KiB from places spread over the input, 16 at least. Of a job whose
/// pairs stay apart a 64th of the input, 16 MiB or about a run at most; of one that combines and
/// may spill a 32nd, 32 MiB at most; for half of `seconds_most` of processor time. All that happens
/// in a copy of the process: the job's counters, logs, files and crashes are lost with it. Empty
/// where the job fails, or takes four times `seconds_most`.
MapYield sample_map(const MapSampleSetup& setup);

}  // namespace mrun
