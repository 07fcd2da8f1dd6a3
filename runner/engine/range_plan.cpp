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
constexpr std::uint64_t kOpenShare = 4;  // A quarter of what a range holds may be open blocks.

// Where the sampled keys are cut into `ranges`.
std::vector<KeyBorder> borders_of(std::span<const SampledKey> sample, std::uint64_t ranges) {
  std::vector<WeightedKey> keys;
  keys.reserve(sample.size());
  for (const SampledKey& key : sample) {
    std::uint8_t bytes[kPrefixBytes];
    store_big_endian(bytes, key.k0);
    store_big_endian(bytes + 8, key.k1);
    keys.push_back({std::string(reinterpret_cast<const char*>(bytes), key.size), key.weight});
  }
  const KeyBorders borders = balanced_borders(std::move(keys), ranges);
  std::vector<KeyBorder> list;
  for (std::size_t i = 0; i < borders.count(); ++i) list.push_back(borders.border(i));
  return list;
}

}  // namespace

bool may_have_ranges(const JobSpec& spec) {
  return !spec.map_only && may_cut(spec) &&
         (spec.combine == CombineKind::none || spec.folds_exactly());
}

bool are_ranges_worth_a_sample(const JobSpec& spec, std::uint64_t input_bytes,
                               std::uint32_t partitions) {
  constexpr std::uint64_t kInputLeast = std::uint64_t{64} << 20;
  return may_have_ranges(spec) && partitions <= kRangesMost && input_bytes >= kInputLeast;
}

std::optional<PiecePlan> plan_ranges(const RangePlanSetup& setup) {
  const MapYield& yield = setup.yield;
  // What comes to sort buffers, were there ever new keys.
  const PairYield& kept = setup.spec.combine == CombineKind::none ? yield.emitted : yield.keys;
  if (!yield.surely_fits || kept.pairs == 0 || yield.border_key_count == 0) return std::nullopt;
  const double scale =
      static_cast<double>(setup.input_bytes) / static_cast<double>(yield.input_bytes);
  const auto entries = static_cast<std::uint64_t>(static_cast<double>(kept.pairs) * scale);
  const std::uint64_t most =
      std::min(kRangesMost, setup.sort_bytes / setup.workers / kBlocksShare / sizeof(EntryBlock));
  const std::uint64_t wanted = entries / piece_entries(kept.pairs, kept.held_bytes) + 1;
  const std::uint64_t of_partition =
      std::max<std::uint64_t>(1, std::min(wanted, most) / setup.partitions);
  const std::uint64_t ranges = of_partition * setup.partitions;
  if (ranges < kRangesLeast || ranges > most) return std::nullopt;
  const std::uint64_t in_range = entries / ranges;
  const std::size_t tasks = setup.spec.folds_exactly() ? 1 : setup.tasks;  // That are told apart.
  const std::uint64_t open_slots = std::uint64_t{setup.workers} * EntryBlock::kEntries;
  if (tasks * kEntriesPerSpan > in_range || open_slots * kOpenShare > in_range) return std::nullopt;

  const std::vector<KeyBorder> borders =
      borders_of(std::span(yield.border_keys).first(yield.border_key_count), of_partition);
  if (borders.empty() && setup.partitions < kRangesLeast) return std::nullopt;
  std::vector<KeyBorders> cuts;
  for (std::uint32_t partition = 0; partition < setup.partitions; ++partition)
    cuts.emplace_back(borders);
  return PiecePlan::of_partitions(std::move(cuts));
}

}  // namespace mrun
