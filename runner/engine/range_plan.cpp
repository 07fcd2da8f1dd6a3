#include "engine/range_plan.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/piece_sources.hpp"
#include "shuffle/key_borders.hpp"

namespace mrun {
namespace {

constexpr std::uint64_t kRangesLeast = 8;
constexpr std::uint64_t kRangesMost = 2048;  // Each has an open block in each worker.
constexpr std::uint64_t kBlocksShare = 12;   // Of the memory, at most, for open blocks.
constexpr std::uint64_t kEntriesPerSpan = 32;

// Where the sampled keys are cut into `ranges`.
KeyBorders borders_of(std::span<const SampledKey> sample, std::uint64_t ranges) {
  std::vector<WeightedKey> keys;
  keys.reserve(sample.size());
  for (const SampledKey& key : sample) {
    std::uint8_t bytes[kPrefixBytes];
    store_big_endian(bytes, key.k0);
    store_big_endian(bytes + 8, key.k1);
    keys.push_back({std::string(reinterpret_cast<const char*>(bytes), key.size), key.weight});
  }
  return balanced_borders(std::move(keys), ranges);
}

}  // namespace

bool may_have_ranges(const JobSpec& spec, std::uint64_t input_bytes) {
  constexpr std::uint64_t kInputLeast = std::uint64_t{64} << 20;
  return !spec.map_only && may_cut(spec) &&
         (spec.combine == CombineKind::none || spec.folds_exactly()) && input_bytes >= kInputLeast;
}

std::optional<PiecePlan> plan_ranges(const RangePlanSetup& setup) {
  const MapYield& yield = setup.yield;
  // What comes to sort buffers, were there ever new keys.
  const PairYield& kept = setup.spec.combine == CombineKind::none ? yield.emitted : yield.keys;
  if (!yield.surely_fits || kept.pairs == 0 || yield.border_key_count == 0) return std::nullopt;
  const double scale =
      static_cast<double>(setup.input_bytes) / static_cast<double>(yield.input_bytes);
  const auto entries = static_cast<std::uint64_t>(static_cast<double>(kept.pairs) * scale);
  const std::uint64_t unit = piece_entries(kept.pairs, kept.held_bytes);
  const std::uint64_t most = setup.sort_bytes / setup.workers / kBlocksShare / sizeof(EntryBlock);
  const std::uint64_t ranges = std::min({entries / unit + 1, most, kRangesMost});
  const std::size_t tasks = setup.spec.folds_exactly() ? 1 : setup.tasks;  // That are told apart.
  if (ranges < kRangesLeast || tasks * kEntriesPerSpan > unit) return std::nullopt;
  const std::uint64_t of_partition = std::max<std::uint64_t>(1, ranges / setup.partitions);
  std::vector<KeyBorders> cuts;
  for (std::uint32_t partition = 0; partition < setup.partitions; ++partition)
    cuts.push_back(
        borders_of(std::span(yield.border_keys).first(yield.border_key_count), of_partition));
  PiecePlan plan = PiecePlan::of_partitions(std::move(cuts));
  if (plan.size() < kRangesLeast || plan.size() > most) return std::nullopt;
  return plan;
}

}  // namespace mrun
