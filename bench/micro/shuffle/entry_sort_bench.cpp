// How long the entry sort takes for an entry: random keys, words of a text, and words that are new.
#include <benchmark/benchmark.h>

#include <memory>

#include "micro/entries.hpp"
#include "shuffle/entry_sort.hpp"

namespace mrun::bench {
namespace {

/// Entries in blocks of the sort buffer's form. The heap of `emitted` is what they refer to.
std::vector<std::unique_ptr<EntryBlock>> make_blocks(const Emitted& emitted) {
  std::vector<std::unique_ptr<EntryBlock>> blocks;
  for (std::size_t i = 0; i < emitted.size(); ++i) {
    const std::size_t slot = i % EntryBlock::kEntries;
    if (slot == 0) blocks.push_back(std::make_unique<EntryBlock>());
    Entry entry = emitted.entries()[i];
    if (entry.kind() == EntryKind::heap)
      entry.v += reinterpret_cast<std::uintptr_t>(emitted.batch_from(0).heap);
    blocks.back()->entries[slot] = entry;
    blocks.back()->count = static_cast<std::uint32_t>(slot + 1);
  }
  return blocks;
}

std::vector<SortItem> make_items(std::span<const EntryBlock* const> blocks) {
  std::vector<SortItem> items;
  for (std::uint64_t block = 0; block < blocks.size(); ++block)
    for (std::uint64_t slot = 0; slot < blocks[block]->count; ++slot)
      items.push_back(
          make_sort_item(blocks[block]->entries[slot], block << EntryBlock::kSlotBits | slot));
  return items;
}

void sort_entries(benchmark::State& state, Keys keys) {
  const Emitted emitted(keys, static_cast<std::size_t>(state.range(0)));
  const auto owned = make_blocks(emitted);
  std::vector<const EntryBlock*> blocks;
  for (const auto& block : owned) blocks.push_back(block.get());
  const std::vector<SortItem> unsorted = make_items(blocks);
  std::vector<SortItem> items(unsorted.size());
  for (auto _ : state) {
    state.PauseTiming();
    items = unsorted;
    state.ResumeTiming();
    sort_items(items, EntryList(blocks));
    benchmark::DoNotOptimize(items.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void each_size(benchmark::internal::Benchmark* sort) {
  sort->Arg(1 << 14)->Arg(1 << 18)->Arg(1 << 22)->Unit(benchmark::kMillisecond);
}
BENCHMARK_CAPTURE(sort_entries, random, Keys::random)->Apply(each_size);
BENCHMARK_CAPTURE(sort_entries, zipf, Keys::zipf)->Apply(each_size);
BENCHMARK_CAPTURE(sort_entries, distinct, Keys::distinct)->Apply(each_size);

}  // namespace
}  // namespace mrun::bench
