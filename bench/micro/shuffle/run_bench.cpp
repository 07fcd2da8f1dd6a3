// How fast sorted runs are written and read back, apart from the disk: blocks, checksums,
// compression.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>

#include "micro/entries.hpp"
#include "shuffle/run_reader.hpp"
#include "shuffle/run_writer.hpp"

namespace mrun::bench {
namespace {

constexpr std::size_t kPairs = std::size_t{1} << 21;
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr std::size_t kBudgetBytes = std::size_t{1} << 30;

/// A file in memory, which never fails.
class MemoryFile final : public StorageFile {
 public:
  Result<void> write_at(std::span<const std::byte> bytes, std::uint64_t offset) override {
    if (bytes_.size() < offset + bytes.size()) bytes_.resize(offset + bytes.size());
    std::memcpy(bytes_.data() + offset, bytes.data(), bytes.size());
    return {};
  }
  Result<void> read_at(std::span<std::byte> bytes, std::uint64_t offset) override {
    if (offset + bytes.size() > bytes_.size()) return fail(Code::integrity, "the file is cut");
    std::memcpy(bytes.data(), bytes_.data() + offset, bytes.size());
    return {};
  }
  void start_writeback(std::uint64_t, std::uint64_t) override {}
  Result<void> sync() override { return {}; }
  Result<void> close() override { return {}; }
  const std::string& name() const override { return name_; }

 private:
  std::string name_ = "memory";
  std::vector<std::byte> bytes_;
};

std::vector<Pair> sorted_pairs(const Emitted& emitted) {
  std::vector<Pair> pairs = emitted.pairs();
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return compare_keys(a, b) < 0; });
  return pairs;
}

Run write_run(MemoryBudget& budget, StorageFile& file, std::span<const Pair> pairs) {
  RunWriter writer = must(RunWriter::create(budget, file, 0, kBlockBytes));
  must(writer.add(0, pairs));
  return must(writer.finish());
}

/// Rates count the pairs' raw bytes; `stored` is what of them the file holds.
void report(benchmark::State& state, const Run& run) {
  const auto raw_bytes = static_cast<std::int64_t>(run.raw_bytes());
  state.SetBytesProcessed(state.iterations() * raw_bytes);
  state.SetItemsProcessed(state.iterations() * std::int64_t{kPairs});
  state.counters["stored"] = static_cast<double>(run.size_bytes()) / static_cast<double>(raw_bytes);
}

void write_runs(benchmark::State& state, Keys keys) {
  const Emitted emitted(keys, kPairs);
  const std::vector<Pair> pairs = sorted_pairs(emitted);
  MemoryBudget budget(kBudgetBytes);
  MemoryFile file;
  const Run first = write_run(budget, file, pairs);
  for (auto _ : state) benchmark::DoNotOptimize(write_run(budget, file, pairs).size_bytes());
  report(state, first);
}

void read_runs(benchmark::State& state, Keys keys) {
  const Emitted emitted(keys, kPairs);
  MemoryBudget budget(kBudgetBytes);
  MemoryFile file;
  const Run run = write_run(budget, file, sorted_pairs(emitted));
  for (auto _ : state) {
    PagePool pool(budget);
    const auto cursor = must(RunCursor::open(budget, pool, std::span(&run, 1), 0));
    while (!must(cursor->next()).empty()) {
    }
    if (cursor->pairs_delivered() != kPairs) fatal("pairs were lost");
  }
  report(state, run);
}

BENCHMARK_CAPTURE(write_runs, random, Keys::random)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_runs, distinct, Keys::distinct)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_runs, random, Keys::random)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_runs, distinct, Keys::distinct)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mrun::bench
