#include "shuffle/spill.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "shuffle/entry_sort.hpp"
#include "shuffle/run_writer.hpp"

namespace mrun {
namespace {

// Makes the items of all entries and counts those of each partition.
std::vector<std::size_t> make_items(std::span<const EntryBlock* const> blocks,
                                    std::uint32_t partitions, unsigned part_bits, SortItem* items) {
  std::vector<std::size_t> counts(partitions);
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const EntryBlock& block = *blocks[b];
    for (std::uint32_t i = 0; i < block.count; ++i) {
      const std::uint32_t part = part_bits == 0 ? 0 : block.parts[i];
      ++counts[part];
      *items++ = make_sort_item(block.entries[i], part, part_bits,
                                (std::uint64_t{b} << EntryBlock::kSlotBits) | i);
    }
  }
  return counts;
}

Result<void> write_all(std::unique_ptr<PairSource> source, std::uint32_t partition,
                       RunWriter& writer, const StopFlag& stop) {
  while (true) {
    if (stop.stopped()) return fail(Code::cancelled, "stopped");
    MRUN_TRY_ASSIGN(const std::span<const Pair> pairs, source->next());
    if (pairs.empty()) return {};
    MRUN_TRY(writer.add(partition, pairs));
  }
}

}  // namespace

Result<Run> spill(SortBuffer& buffer, SortMemory& memory, std::uint32_t partitions,
                  const SortedCombiner& combiner, const SpillTarget& target) {
  std::vector<const EntryBlock*> blocks(buffer.blocks().begin(), buffer.blocks().end());
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const EntryBlock* a, const EntryBlock* b) { return a->task < b->task; });
  const unsigned part_bits = static_cast<unsigned>(std::bit_width(partitions - 1));
  MRUN_TRY_ASSIGN(const PageBuffer memory_of_items,
                  PageBuffer::allocate(memory.item_memory(),
                                       (buffer.accepted().count() + 1) * sizeof(SortItem)));
  SortItem* items = memory_of_items.as<SortItem>();
  const std::vector<std::size_t> counts = make_items(blocks, partitions, part_bits, items);
  const EntryList entries(blocks);
  sort_items({items, std::accumulate(counts.begin(), counts.end(), std::size_t{0})}, entries,
             part_bits);

  MRUN_TRY_ASSIGN(RunWriter writer,
                  RunWriter::create(target.budget, target.file, target.offset, target.block_bytes,
                                    target.index_budget, target.packing));
  EntrySum consumed;
  std::uint64_t folded = 0;  // Pairs that the combiner took.
  for (std::uint32_t partition = 0; partition < partitions; ++partition) {
    if (counts[partition] == 0) continue;
    const std::span<const SortItem> of_partition(items, counts[partition]);
    std::unique_ptr<PairSource> sorted =
        std::make_unique<SortedEntries>(of_partition, entries, partition, consumed);
    if (combiner.combines_early()) sorted = combiner.wrap_some(std::move(sorted), folded);
    MRUN_TRY(write_all(std::move(sorted), partition, writer, target.stop));
    items += counts[partition];
  }
  const std::uint64_t taken = combiner.combines_early() ? folded : writer.pair_count();
  if (consumed != buffer.accepted() || taken != consumed.count()) {
    return fail(Code::integrity,
                fmt::format("{}: a sorted run was made of {} pairs, but {} were emitted for it: "
                            "pairs were lost, doubled or changed in memory",
                            target.file.name(), consumed.count(), buffer.accepted().count()),
                "this is a bug in mrun or a fault of the machine's memory; nothing was written");
  }
  MRUN_TRY_ASSIGN(Run run, writer.finish());
  buffer.clear();
  return run;
}

}  // namespace mrun
