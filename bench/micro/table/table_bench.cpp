// How long a table takes to write, for a pair, and to look keys up in, warm: those that it holds
// and those that it does not.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "table/pair_stream.hpp"
#include "table/table_builder.hpp"
#include "table/table_cursor.hpp"

namespace mrun::bench {
namespace {

constexpr std::size_t kPairs = std::size_t{1} << 21;

Slice slice_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Keys in order: text of 12 to 20 bytes with gaps.
std::string key_of(std::uint64_t number) {
  char text[32];
  const std::uint64_t mixed = number * 0x9e3779b97f4a7c15 >> 40;
  std::snprintf(text, sizeof text, "%010llu-%llx", static_cast<unsigned long long>(number),
                static_cast<unsigned long long>(mixed));
  return text;
}

/// A stream of pairs: such keys, and counts as values.
std::string make_stream() {
  std::string stream;
  std::mt19937_64 random(1);
  for (std::uint64_t i = 0; i < kPairs; ++i) {
    const std::string key = key_of(2 * i);
    const std::uint64_t count = random() % 1000 * (random() % 1000);
    std::uint8_t head[kStreamHeadBytesMax];
    const Slice value{reinterpret_cast<const std::uint8_t*>(&count), sizeof count};
    const std::uint8_t* const end = put_pair_head(head, key.size(), value);
    stream.append(reinterpret_cast<const char*>(head), static_cast<std::size_t>(end - head));
    stream += key;
    stream.append(reinterpret_cast<const char*>(value.data), value.size);
  }
  return stream;
}

const std::string& stream() {
  static const std::string made = make_stream();
  return made;
}

TableCodec codec_of(const benchmark::State& state) {
  return static_cast<TableCodec>(state.range(0));
}

/// Writes the table; false where it fails.
bool write_table(TableCodec codec, const TableBuilder::Write& write) {
  MemoryBudget budget(std::size_t{16} << 20);
  auto builder = TableBuilder::create({codec, &budget, "part-00000"});
  const auto bytes = std::as_bytes(std::span(stream()));
  constexpr std::size_t kChunkBytes = std::size_t{256} << 10;
  for (std::size_t at = 0; at < bytes.size(); at += kChunkBytes)
    if (!builder->append(bytes.subspan(at, std::min(kChunkBytes, bytes.size() - at)), write))
      return false;
  return builder->finish(write).has_value();
}

void write(benchmark::State& state) {
  std::size_t size = 0;
  for (auto _ : state) {
    size = 0;
    write_table(codec_of(state), [&](std::span<const std::byte> bytes) {
      size += bytes.size();
      return Result<void>();
    });
  }
  state.counters["per_pair"] =
      benchmark::Counter(static_cast<double>(kPairs) * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes_pair"] = static_cast<double>(size) / kPairs;
}

/// Every key is asked for by chance: `offset` 0 asks for those that are there.
void look_up(benchmark::State& state, std::uint64_t offset) {
  const auto path =
      std::filesystem::temp_directory_path() / ("mrun-table-bench-" + std::to_string(::getpid()));
  {
    std::ofstream file(path, std::ios::binary);
    write_table(codec_of(state), [&](std::span<const std::byte> bytes) {
      file.write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
      return Result<void>();
    });
  }
  auto reader = TableReader::open(path.string(), MappedFile::Reading::often);
  std::filesystem::remove(path);
  if (!reader) return state.SkipWithError(reader.error().message.c_str());
  TableCursor cursor(**reader);
  std::mt19937_64 random(2);
  std::vector<std::string> keys;
  for (int i = 0; i < 1 << 16; ++i) keys.push_back(key_of(random() % kPairs * 2 + offset));
  std::size_t next = 0, found = 0;
  for (auto _ : state) {
    const Result<bool> is_there = cursor.find(slice_of(keys[next++ % keys.size()]));
    found += is_there && *is_there ? 1u : 0u;
  }
  state.counters["found"] = static_cast<double>(found) / static_cast<double>(state.iterations());
  state.counters["blocks"] =
      static_cast<double>(cursor.blocks_read()) / static_cast<double>(state.iterations());
}

void find_present(benchmark::State& state) { look_up(state, 0); }
void find_absent(benchmark::State& state) { look_up(state, 1); }

BENCHMARK(write)->Name("Table/Write")->DenseRange(0, 2)->Unit(benchmark::kMillisecond);
BENCHMARK(find_present)->Name("Table/FindPresent")->DenseRange(0, 2);
BENCHMARK(find_absent)->Name("Table/FindAbsent")->DenseRange(0, 2);

}  // namespace
}  // namespace mrun::bench
