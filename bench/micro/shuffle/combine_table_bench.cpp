// How long CombineTable takes for a pair: where keys come again and again, and where hardly any
// does.
#include <benchmark/benchmark.h>

#include "micro/entries.hpp"
#include "shuffle/combine_table.hpp"

namespace mrun::bench {
namespace {

/// A job that only adds up 64-bit numbers; the table asks it for nothing else.
class SumJob final : public UserCode {
 public:
  SumJob() {
    spec_.combine = CombineKind::lanes;
    spec_.lanes = {LaneOp::sum_u64};
    spec_.state_size = 8;
  }

  const JobSpec& spec() const override { return spec_; }
  Result<std::unique_ptr<MapAttempt>> open_map(const AttemptContext&, std::uint64_t) override {
    return fail(Code::plugin, "a sum has no map");
  }
  Result<std::unique_ptr<ReduceAttempt>> open_reduce(const AttemptContext&,
                                                     std::uint64_t) override {
    return fail(Code::plugin, "a sum has no reduce");
  }
  void fold(std::span<void* const>, std::span<const void* const>) const override {}
  void group_lens(std::span<const Slice>, std::span<std::uint32_t>) const override {}
  void partition(std::span<const Slice>, std::uint32_t, std::span<std::uint32_t>) const override {}

 private:
  JobSpec spec_;
};

/// Drops what a table flushes, and counts it.
class CountingSink final : public EntrySink {
 public:
  void begin_batch(const std::shared_ptr<const void>&) override {}
  Result<void> accept(const EntryBatch& batch) override {
    entries += batch.entries.size();
    return {};
  }
  Result<void> accept_big(Slice, Slice) override {
    ++entries;
    return {};
  }
  Result<void> hold(std::uint64_t) override { return {}; }

  std::uint64_t entries = 0;
};

/// The table's share in MiB is the argument.
void combine(benchmark::State& state, Keys keys) {
  constexpr std::size_t kPairs = std::size_t{1} << 22;
  const Emitted emitted(keys, kPairs);
  const SumJob job;
  const StateFold fold(job);
  CountingSink sink;
  for (auto _ : state) {
    MemoryBudget budget(std::size_t{1} << 32);
    const std::size_t share = static_cast<std::size_t>(state.range(0)) << 20;
    CombineTable table = must(CombineTable::create(fold, sink, {&budget, share, 1}));
    for (std::size_t begin = 0; begin < kPairs;) {
      const EntryBatch batch = emitted.batch_from(begin);
      must(table.add(batch));
      begin += batch.entries.size();
    }
    must(table.flush());
  }
  const auto pairs = static_cast<std::int64_t>(state.iterations()) * std::int64_t{kPairs};
  state.SetItemsProcessed(pairs);
  state.counters["flushed"] = static_cast<double>(sink.entries) / static_cast<double>(pairs);
}

BENCHMARK_CAPTURE(combine, zipf, Keys::zipf)
    ->Arg(1)
    ->Arg(4)
    ->Arg(32)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(combine, distinct, Keys::distinct)
    ->Arg(1)
    ->Arg(4)
    ->Arg(32)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mrun::bench
