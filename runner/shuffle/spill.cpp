#include "shuffle/spill.hpp"

#include <fmt/format.h>

#include <bit>

#include "shuffle/entry_sort.hpp"
#include "shuffle/run_writer.hpp"

namespace mrun {
namespace {

std::uint32_t part_of(const SortItem& item, unsigned part_bits) {
  return part_bits == 0 ? 0 : static_cast<std::uint32_t>(item.high >> (64 - part_bits));
}

std::size_t make_items(const BlockList& blocks, unsigned part_bits, SortItem* items) {
  std::size_t count = 0;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const EntryBlock& block = *blocks[b];
    for (std::uint32_t i = 0; i < block.count; ++i) {
      const std::uint32_t part = part_bits == 0 ? 0 : block.parts[i];
      items[count++] = make_sort_item(block.entries[i], part, part_bits,
                                      (std::uint64_t{b} << EntryBlock::kSlotBits) | i);
    }
  }
  return count;
}

Result<void> write_all(std::unique_ptr<PairSource> source, std::uint32_t partition,
                       RunWriter& writer) {
  while (true) {
    MRUN_TRY_ASSIGN(const std::span<const Pair> pairs, source->next());
    if (pairs.empty()) return {};
    MRUN_TRY(writer.add(partition, pairs));
  }
}

}  // namespace

Result<Run> spill(SortBuffer& buffer, SortMemory& memory, std::uint32_t partitions,
                  const SortedCombiner& combiner, const SpillTarget& target) {
  const BlockList blocks(buffer.blocks().begin(), buffer.blocks().end());
  const unsigned part_bits = static_cast<unsigned>(std::bit_width(partitions - 1));
  MRUN_TRY_ASSIGN(const PageBuffer memory_of_items,
                  PageBuffer::allocate(memory.item_memory(),
                                       (buffer.accepted().count() + 1) * sizeof(SortItem)));
  const std::span<SortItem> items(memory_of_items.as<SortItem>(),
                                  make_items(blocks, part_bits, memory_of_items.as<SortItem>()));
  sort_items(items, blocks, part_bits);

  MRUN_TRY_ASSIGN(RunWriter writer,
                  RunWriter::create(target.budget, target.file, target.offset, target.block_bytes));
  EntrySum consumed;
  for (std::size_t begin = 0; begin < items.size();) {
    const std::uint32_t partition = part_of(items[begin], part_bits);
    std::size_t end = begin + 1;
    while (end < items.size() && part_of(items[end], part_bits) == partition) ++end;
    std::unique_ptr<PairSource> sorted =
        std::make_unique<SortedEntries>(items.subspan(begin, end - begin), blocks, &consumed);
    if (combiner.combines_early()) sorted = combiner.wrap(std::move(sorted));
    MRUN_TRY(write_all(std::move(sorted), partition, writer));
    begin = end;
  }
  if (consumed != buffer.accepted()) {
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
