#include "engine/disk_check.hpp"

#include "engine/disk_forecast.hpp"

namespace mrun {
namespace {

DiskNeeds needs_of(const DiskEstimate& estimate) {
  return {estimate.scratch_bytes, estimate.knows_output ? estimate.output_bytes : 0};
}

}  // namespace

DiskEstimate DiskCheck::estimate(SpillCompression compression) {
  DiskEstimate estimate;
  const MapSampleSetup& sample = setup_.sample;
  if (const char* why = why_no_sample(sample.inputs, sample.formats)) {
    estimate.why_not = why;
    return estimate;
  }
  if (mapped().input_bytes == 0) {
    estimate.why_not = "the job's map could not be tried on a sample";
    return estimate;
  }
  const DiskForecast forecast =
      forecast_disk({sample.job.spec(), *yield_, sample.inputs.planned_bytes(),
                     sample.plan.splits.size(), setup_.memory, setup_.threads, compression});
  estimate.is_known = true;
  estimate.sampled_bytes = yield_->input_bytes;
  estimate.runs = forecast.runs.runs;
  estimate.run_bytes = forecast.runs.bytes;
  estimate.fan_in = forecast.merge.fan_in;
  estimate.merges_at_once = forecast.merge.merges_at_once;
  estimate.passes = forecast.merge.passes;
  estimate.scratch_bytes = forecast.merge.peak_bytes;
  estimate.packs_spill = yield_->packed.automatic_packs;
  estimate.output_bytes = forecast.output_bytes;
  // Samples of text say nothing of what compression or the blocks of tables leave of it, and short
  // ones nothing of how many keys there are.
  const bool counted = !yield_->surely_fits || sample.job.spec().combine == CombineKind::none;
  estimate.knows_output = forecast.knows_output && !setup_.options.writes_pairs() &&
                          setup_.options.compression == Compression::none && counted;
  return estimate;
}

const MapYield& DiskCheck::yield() {
  const MapSampleSetup& sample = setup_.sample;
  if (why_no_sample(sample.inputs, sample.formats) != nullptr) return yield_.emplace();
  setup_.sample.sort_bytes = setup_.memory.sort_bytes;
  return mapped();
}

/// What the sample gave, which is mapped once.
const MapYield& DiskCheck::mapped() {
  if (!yield_) yield_ = sample_map(setup_.sample);
  return *yield_;
}

/// Whether there surely is room for the output.
bool DiskCheck::is_plenty(const RunDisks& disks) const {
  constexpr std::uint64_t kPlenty = 4;  // Times the input.
  return setup_.sample.inputs.planned_bytes() <= disks.free_least() / kPlenty;
}

/// Small inputs that surely fit in memory, on disks that surely have room, need no estimate.
bool DiskCheck::is_needed(const RunDisks& disks) const {
  constexpr std::uint64_t kGrowthMost = 16;  // Of input bytes on their way to sort buffers.
  const std::uint64_t bytes = setup_.sample.inputs.planned_bytes();
  const bool may_spill =
      !setup_.sample.job.spec().map_only && bytes > setup_.memory.sort_bytes / kGrowthMost;
  return bytes > 0 && (may_spill || !is_plenty(disks));
}

Result<DiskCheck::Verdict> DiskCheck::check(const RunDisks& disks) {
  Verdict verdict{{}, setup_.options.spill_compression, {}};
  if (!is_needed(disks)) return verdict;
  if (is_plenty(disks)) setup_.sample.sort_bytes = setup_.memory.sort_bytes;
  verdict.estimate = estimate(verdict.compression);
  if (!verdict.estimate.is_known) return verdict;
  Result<std::string> judged = judge_room(disks, needs_of(verdict.estimate));
  const bool is_short = !judged || !judged->empty();
  // Then compression is for room and not for speed.
  if (is_short && verdict.compression == SpillCompression::automatic &&
      verdict.estimate.scratch_bytes > 0) {
    verdict.compression = SpillCompression::lz4;
    verdict.estimate = estimate(verdict.compression);
    judged = judge_room(disks, needs_of(verdict.estimate));
  }
  MRUN_TRY_ASSIGN(verdict.warning, std::move(judged));
  return verdict;
}

}  // namespace mrun
