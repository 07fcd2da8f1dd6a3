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

std::vector<SortItem> make_items(std::span<const EntrySpan> spans) {
  std::vector<SortItem> items;
  for (std::size_t span = 0; span < spans.size(); ++span)
    for (std::uint32_t slot = 0; slot < spans[span].end; ++slot)
      items.push_back(make_sort_item(spans[span].block->entries[slot], entry_number(span, slot)));
  return items;
}

void sort_entries(benchmark::State& state, Keys keys) {
  const Emitted emitted(keys, static_cast<std::size_t>(state.range(0)));
  const auto owned = make_blocks(emitted);
  std::vector<EntrySpan> spans;
  for (const auto& block : owned) spans.push_back({block.get(), 0, block->count, 0});
  const std::vector<SortItem> unsorted = make_items(spans);
  std::vector<SortItem> items(unsorted.size());
  for (auto _ : state) {
    state.PauseTiming();
    items = unsorted;
    state.ResumeTiming();
    sort_items(items, EntryList(spans));
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
