// How long the merger's loser tree takes for a pair, by the number of sources.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "micro/entries.hpp"
#include "shuffle/merger.hpp"

namespace mrun::bench {
namespace {

/// A sorted list in batches, as a run's cursor hands them out.
class ListSource final : public PairSource {
 public:
  explicit ListSource(std::span<const Pair> pairs) : rest_(pairs) {}

  Result<std::span<const Pair>> next() override {
    const auto batch = rest_.first(std::min(kBatchPairs, rest_.size()));
    rest_ = rest_.subspan(batch.size());
    return batch;
  }

 private:
  static constexpr std::size_t kBatchPairs = 1024;
  std::span<const Pair> rest_;
};

void merge(benchmark::State& state, Keys keys) {
  constexpr std::size_t kPairs = std::size_t{1} << 21;
  const Emitted emitted(keys, kPairs);
  std::vector<Pair> pairs = emitted.pairs();
  const auto source_count = static_cast<std::size_t>(state.range(0));
  std::vector<std::span<const Pair>> lists;
  for (std::size_t i = 0; i < source_count; ++i) {
    const std::size_t begin = kPairs * i / source_count, end = kPairs * (i + 1) / source_count;
    lists.push_back(std::span(pairs).subspan(begin, end - begin));
    std::stable_sort(pairs.begin() + static_cast<std::ptrdiff_t>(begin),
                     pairs.begin() + static_cast<std::ptrdiff_t>(end),
                     [](const Pair& a, const Pair& b) { return compare_keys(a, b) < 0; });
  }
  for (auto _ : state) {
    MemoryBudget budget(std::size_t{1} << 30);
    std::vector<std::unique_ptr<PairSource>> sources;
    for (const auto& list : lists) sources.push_back(std::make_unique<ListSource>(list));
    const auto merger = must(Merger::create(budget, std::move(sources)));
    while (!must(merger->next()).empty()) {
    }
    if (merger->pairs_delivered() != kPairs) fatal("pairs were lost");
  }
  state.SetItemsProcessed(state.iterations() * std::int64_t{kPairs});
}

void each_width(benchmark::internal::Benchmark* merging) {
  merging->Arg(2)->Arg(16)->Arg(128)->Unit(benchmark::kMillisecond);
}
BENCHMARK_CAPTURE(merge, random, Keys::random)->Apply(each_width);
BENCHMARK_CAPTURE(merge, zipf, Keys::zipf)->Apply(each_width);

}  // namespace
}  // namespace mrun::bench
