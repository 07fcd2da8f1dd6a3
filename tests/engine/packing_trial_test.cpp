// Goal: what a trial says of a large run's size holds, although it keeps little of it; and `auto`
// does what the disk's speed says, and was foreseen. Method: the whole run is written, too; the
// rates and where it matters the clock are chosen.
#include "engine/packing_trial.hpp"

#include <gtest/gtest.h>

#include "engine/in_process_job.hpp"
#include "shuffle/records.hpp"
#include "shuffle/run_writer.hpp"

namespace mrun {
namespace {

using namespace test_support;

/// Lines of few templates: the more of them lie side by side, the more alike they are.
Records lines(std::size_t count) {
  Random random(test_seed());
  Records records;
  for (std::size_t i = 0; i < count; ++i)
    records.push_back({"host" + std::to_string(random.below(100)) + " GET /static/images/logo" +
                           std::to_string(random.below(400)) + ".png HTTP/1.1 200 5316",
                       std::string(8, '\0'), 0});
  return records;
}

std::uint64_t run_bytes(Records records, const SpillPacking& packing) {
  std::stable_sort(records.begin(), records.end(),
                   [](const Record& a, const Record& b) { return a.key < b.key; });
  MemoryBudget budget(std::size_t{1} << 30);
  MemoryFile file;
  auto writer = RunWriter::create(budget, file, 0, kBlockBytesMin, budget, packing);
  EXPECT_TRUE(writer);
  EXPECT_TRUE(writer->add(0, pairs_of(records)));
  return writer->finish()->size_bytes();
}

struct Job {
  InProcessFactory factory{InProcessSpec()};
  std::unique_ptr<UserCode> code = *factory.configure({1, {}});
};

TEST(PackingTrial, KnowsHowAlikeNeighboursOfALargeRunAre) {
  const Job job;
  const Partitioner partitioner(*job.code, 1);
  PackingTrial trial(partitioner, nullptr, kBlockBytesMin);
  const Records records = lines(200'000);  // 14 MB.
  std::size_t kept = 0;
  for (const Pair& pair : pairs_of(records)) kept += trial.add(pair) == 0 ? 0u : 1u;
  EXPECT_LT(kept, records.size() / 2);
  const PackedSizes sizes = trial.pack({});
  const auto raw = static_cast<double>(run_bytes(records, {SpillCompression::none}));
  for (const auto compression :
       {SpillCompression::none, SpillCompression::lz4, SpillCompression::zstd}) {
    const auto real = static_cast<double>(run_bytes(records, {compression}));
    EXPECT_NEAR(sizes.share(compression) * raw, real, real * 0.15)
        << spill_compression_name(compression) << ", seed " << test_seed();
  }
  EXPECT_LT(sizes.share(SpillCompression::zstd), 0.3) << "the test is of text that packs well";
}

TEST(PackingTrial, AutomaticIsWhatTheDiskSays) {
  const Job job;
  const Partitioner partitioner(*job.code, 1);
  const Records records = lines(5'000);
  WriteRate unknown, fast, slow;
  fast.add(std::uint64_t{1} << 40, 1);
  slow.add(1 << 20, 100);
  for (const auto& [rate, like] : {std::pair{&unknown, SpillCompression::none},
                                   {&fast, SpillCompression::none},
                                   {&slow, SpillCompression::lz4}}) {
    PackingTrial trial(partitioner, nullptr, kBlockBytesMin);
    for (const Pair& pair : pairs_of(records)) trial.add(pair);
    const PackedSizes sizes = trial.pack(*rate);
    EXPECT_EQ(sizes.automatic_packs, like == SpillCompression::lz4);
    EXPECT_EQ(sizes.share(SpillCompression::automatic), sizes.share(like));
  }
}

/// Each block that is timed takes this long.
struct ChosenClock {
  static inline double block_seconds = 0;
  static double seconds() {
    static double now = 0;
    return now += block_seconds;
  }
};

TEST(PackingTrial, ARunDoesWhatAutomaticWasForeseenToDoUnlessTheClocksAreFarOff) {
  const Job job;
  const Partitioner partitioner(*job.code, 1);
  const Records records = lines(20'000);
  WriteRate disk;
  disk.add(100'000'000, 1);
  const auto raw = static_cast<double>(run_bytes(records, {SpillCompression::none}));
  const auto packed = static_cast<double>(run_bytes(records, {SpillCompression::lz4}));
  // What packing a block may take so that it is all the same on this disk (`packing_pays`).
  const double even =
      2 / 1.25 * (1 - packed / raw) * static_cast<double>(kBlockBytesMin) * disk.seconds_a_byte();
  for (const double foreseen : {0.8, 1.25}) {
    const bool packs = foreseen < 1;
    ChosenClock::block_seconds = foreseen * even;
    PackingTrial trial(partitioner, nullptr, kBlockBytesMin);
    for (const Pair& pair : pairs_of(records)) trial.add(pair);
    const PackedSizes sizes = trial.pack(disk, ChosenClock::seconds);
    ASSERT_EQ(sizes.automatic_packs, packs) << "seed " << test_seed();
    const auto bytes_where_packing_takes = [&](double share_of_even) {
      ChosenClock::block_seconds = share_of_even * even;
      return static_cast<double>(run_bytes(
          records, {SpillCompression::automatic, &disk, nullptr, packs, ChosenClock::seconds}));
    };
    const double expected = sizes.share(SpillCompression::automatic) * raw;
    for (const double share_of_even : {0.6, 1.0, 1.7})
      EXPECT_NEAR(bytes_where_packing_takes(share_of_even), expected, expected * 0.15)
          << foreseen << " foreseen, then " << share_of_even << ", seed " << test_seed();
    EXPECT_NEAR(bytes_where_packing_takes(packs ? 3 : 0.3), packs ? raw : packed, raw * 0.05)
        << foreseen << " foreseen, seed " << test_seed();
  }
}

TEST(PackingTrial, FoldsStatesOfOneKey) {
  const Job job;
  const Partitioner partitioner(*job.code, 1);
  const StateFold fold(*job.code);
  std::uint64_t state = 1;
  Pair pair{1, 2, 16, 8, nullptr, reinterpret_cast<const std::uint8_t*>(&state), 0};
  PackingTrial once(partitioner, &fold, kBlockBytesMin), often(partitioner, &fold, kBlockBytesMin);
  Random random(test_seed());
  // Sums of many different states do not pack as a state of one does.
  for (std::uint64_t key = 0; key < 2000; ++key) {
    pair.k0 = key;
    state = 1;
    once.add(pair);
    const std::uint32_t number = often.add(pair);
    ASSERT_NE(number, 0u);
    state = random.below(std::uint64_t{1} << 60);
    EXPECT_TRUE(often.fold(number, reinterpret_cast<const std::uint8_t*>(&state)));
  }
  EXPECT_GT(often.pack({}).share(SpillCompression::lz4),
            once.pack({}).share(SpillCompression::lz4) * 1.5);
}

TEST(PackingTrial, OfOneHotKeyKeepsNoMoreThanOfMany) {
  const Job job;
  const Partitioner partitioner(*job.code, 1);
  PackingTrial trial(partitioner, nullptr, kBlockBytesMin);
  const Records records(1, {"the one key", std::string(1000, 'x'), 0});
  const std::vector<Pair> pairs = pairs_of(records);
  std::uint64_t kept = 0;
  for (int i = 0; i < 20'000; ++i) kept += trial.add(pairs.front()) == 0 ? 0u : 1u;
  EXPECT_LT(kept, 2'000u);
  EXPECT_LT(trial.pack({}).raw_bytes, std::uint64_t{2} << 20);
}

}  // namespace
}  // namespace mrun
