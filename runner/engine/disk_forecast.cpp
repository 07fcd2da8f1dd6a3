#include "engine/disk_forecast.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "shuffle/combine_table.hpp"
#include "shuffle/merge_plan.hpp"
#include "shuffle/merger.hpp"
#include "shuffle/run_reader.hpp"
#include "shuffle/run_writer.hpp"

namespace mrun {
namespace {

std::uint64_t to_count(double value) { return static_cast<std::uint64_t>(std::llround(value)); }

/// Of each pair, on average.
double mean(std::uint64_t bytes, std::uint64_t pairs) {
  return pairs == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(pairs);
}

/// How many pairs have `keys` different keys; `pairs_most` where not even they have.
double pairs_with_keys(const DistinctCurve& curve, double keys, double pairs_most) {
  double low = 0, high = pairs_most;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (curve.keys_in(middle) < keys ? low : high) = middle;
  }
  return high;
}

/// What of a job's pairs comes from all maps of the input, each in turn.
struct Scale {
  explicit Scale(const ForecastSetup& setup)
      : by_bytes(static_cast<double>(setup.input_bytes) /
                 static_cast<double>(setup.yield.input_bytes)),
        by_splits(static_cast<double>(setup.splits) / static_cast<double>(setup.yield.pieces)),
        yield(setup.yield) {}
  double all(std::uint64_t PairYield::*what) const {
    return static_cast<double>(yield.emitted.*what) * by_bytes +
           static_cast<double>(yield.at_end.*what) * by_splits;
  }
  double by_bytes, by_splits;
  const MapYield& yield;
};

/// A job that folds: tables stand before the sort buffers, and runs are folded as they are written.
RunsForecast forecast_folded(const ForecastSetup& setup, const DistinctCurve& curve) {
  const MapYield& yield = setup.yield;
  const MemoryPlan& plan = setup.plan;
  const double workers = setup.threads;
  const double pairs = Scale(setup).all(&PairYield::pairs);
  const double held = std::max(1.0, mean(yield.keys.held_bytes, yield.keys.pairs));
  const double stored = mean(yield.keys.stored_bytes, yield.keys.pairs);
  const auto table_keys =
      static_cast<double>(CombineTable::keys_most(setup.spec.state_size, plan.table_share_bytes,
                                                  mean(yield.keys.arena_bytes, yield.keys.pairs)));
  const bool is_exact = setup.spec.folds_exactly();

  // Of all pairs, the share that leaves the tables: a table is handed on when it is full, and that
  // of a fold that is not exact after each split, too.
  const double most = is_exact ? pairs / workers : pairs / static_cast<double>(setup.splits);
  const double window = std::max(1.0, pairs_with_keys(curve, table_keys, most));
  // A table that mostly meets new keys lets them pass.
  const bool passes = window < most && window < 2 * table_keys;
  const double share = passes ? 1 : std::min(1.0, curve.keys_in(window) / window);
  if (pairs * share * held <= static_cast<double>(plan.sort_bytes)) return {};
  if (!is_exact)
    return forecast_runs(to_count(pairs * share * held), to_count(pairs * share * stored), plan);

  const double run_pairs = static_cast<double>(plan.sort_bytes) / held / share;
  const double whole_runs = std::floor(pairs / run_pairs);
  const double rest = pairs - whole_runs * run_pairs;
  const double keys = whole_runs * curve.keys_in(run_pairs) + curve.keys_in(rest);
  return {to_count(whole_runs + (rest > 0 ? 1 : 0)), to_count(keys * stored)};
}

double text_of_keys(const MapYield& yield, const DistinctCurve& curve) {
  double bytes = 0;
  for (std::size_t length = 0; length < SampledKeys::kLengths; ++length)
    bytes += curve.keys_of_length(length) *
             mean(yield.text_of_length[length], yield.sample.of_length[length].keys());
  return bytes;
}

}  // namespace

RunsForecast forecast_runs(std::uint64_t held_bytes, std::uint64_t stored_bytes,
                           const MemoryPlan& plan) {
  if (held_bytes <= plan.sort_bytes) return {};
  const std::uint64_t share = std::max<std::uint64_t>(1, plan.sort_bytes);
  return {(held_bytes + share - 1) / share, stored_bytes};
}

MergeForecast forecast_merge(const RunsForecast& runs, const MemoryPlan& plan, unsigned threads,
                             SpillCompression compression) {
  MergeForecast forecast;
  if (runs.runs == 0) return forecast;
  const MergeMemory memory = MergeMemory::for_runs(plan, threads, plan.block_bytes, compression,
                                                   static_cast<std::size_t>(runs.runs));
  forecast.fan_in = memory.fan_in;
  forecast.merges_at_once = memory.tasks_at_once;
  forecast.memory_bytes = memory.bytes;
  forecast.cursor_bytes =
      RunCursor::memory_bytes(plan.block_bytes, compression == SpillCompression::zstd);

  // The list of runs as merge_down keeps it, and the files that each lies in: those of map all in
  // the first ones.
  struct Stored {
    std::uint64_t bytes;
    std::size_t files;
  };
  struct Files {
    std::uint64_t count, runs;
  };
  const std::uint64_t run_bytes = runs.bytes / runs.runs;
  std::vector<Stored> list(static_cast<std::size_t>(runs.runs), {run_bytes, 0});
  std::vector<Files> all_files{{plan.spill_writers, runs.runs}};
  std::uint64_t there = run_bytes * runs.runs;
  forecast.peak_bytes = there;
  forecast.peak_files = plan.spill_writers;
  const MergePlan merges =
      plan_merge(std::vector<std::uint64_t>(list.size(), run_bytes), memory.fan_in);
  forecast.passes = merges.passes.size();
  forecast.rewritten_bytes = merges.rewritten_bytes;
  std::uint64_t files = forecast.peak_files;
  for (const std::vector<MergeStep>& steps : merges.passes) {
    const auto lanes = std::min<std::size_t>(memory.tasks_at_once, steps.size());
    const std::size_t first_lane = all_files.size();
    all_files.resize(first_lane + lanes, {1, 0});
    files += lanes;
    forecast.peak_files = std::max(forecast.peak_files, files);
    // Of each lane, bytes that are there twice: of the step that it does.
    std::vector<std::uint64_t> twice(lanes);
    std::vector<Stored> next;
    std::size_t at = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto first = list.begin() + static_cast<std::ptrdiff_t>(steps[i].first);
      next.insert(next.end(), list.begin() + static_cast<std::ptrdiff_t>(at), first);
      Stored merged{0, first_lane + i % lanes};
      for (auto run = first; run != first + static_cast<std::ptrdiff_t>(steps[i].count); ++run) {
        merged.bytes += run->bytes;
        if (--all_files[run->files].runs == 0) files -= all_files[run->files].count;
      }
      at = steps[i].first + steps[i].count;
      ++all_files[merged.files].runs;
      next.push_back(merged);
      twice[i % lanes] = merged.bytes;
      forecast.peak_bytes =
          std::max(forecast.peak_bytes, std::accumulate(twice.begin(), twice.end(), there));
    }
    next.insert(next.end(), list.begin() + static_cast<std::ptrdiff_t>(at), list.end());
    list = std::move(next);
  }
  return forecast;
}

DiskForecast forecast_disk(const ForecastSetup& setup) {
  const JobSpec& spec = setup.spec;
  const MapYield& yield = setup.yield;
  const Scale scale(setup);
  const double pairs = scale.all(&PairYield::pairs);
  const DistinctCurve curve(yield.sample, pairs);
  DiskForecast forecast;
  const double records = static_cast<double>(yield.record_bytes) * scale.by_bytes;
  const double text = spec.combine == CombineKind::none ? scale.all(&PairYield::text_bytes)
                                                        : text_of_keys(yield, curve);
  forecast.knows_output = spec.map_only || !spec.has_reduce;
  forecast.output_bytes = to_count(records + (forecast.knows_output ? text : 0));
  if (spec.map_only) return forecast;

  if (spec.folds()) {
    forecast.runs = forecast_folded(setup, curve);
  } else {
    double stored = scale.all(&PairYield::stored_bytes);
    if (spec.combine == CombineKind::unique) {
      // A run drops what one task repeats.
      const double of_task = std::max(1.0, pairs / static_cast<double>(setup.splits));
      stored *= std::min(1.0, curve.keys_in(of_task) / of_task);
    }
    forecast.runs =
        forecast_runs(to_count(scale.all(&PairYield::held_bytes)), to_count(stored), setup.plan);
  }
  forecast.runs.bytes =
      to_count(static_cast<double>(forecast.runs.bytes) * yield.packed.share(setup.compression));
  forecast.merge = forecast_merge(forecast.runs, setup.plan, setup.threads, setup.compression);
  return forecast;
}

}  // namespace mrun
