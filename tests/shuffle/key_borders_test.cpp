// Key borders, the key sample behind a total order, partitions and the plan of pieces.
#include "shuffle/key_borders.hpp"

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "shuffle/emits.hpp"
#include "shuffle/partitioner.hpp"
#include "shuffle/piece_plan.hpp"

namespace mrun {
namespace {

using namespace test_support;

TEST(KeyBorders, CountTheBordersThatAreNotAbove) {
  Random random(test_seed());
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> keys;
    for (std::uint64_t n = random.below(20); n > 0; --n) keys.push_back(hard_key(random));
    const KeyBorders borders(keys);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (int i = 0; i < 50; ++i) {
      const Record record{hard_key(random), "", 0};
      const auto expected = static_cast<std::size_t>(
          std::upper_bound(keys.begin(), keys.end(), record.key) - keys.begin());
      ASSERT_EQ(borders.range_of(pair_of(record)), expected);
      ASSERT_EQ(borders.range_of(record.key), expected);
    }
  }
}

TEST(KeyBorders, BalanceWeights) {
  std::vector<WeightedKey> samples;
  for (int i = 0; i < 1000; ++i) samples.push_back({"key" + std::to_string(1000 + i), 1});
  const KeyBorders borders = balanced_borders(samples, 4);
  ASSERT_EQ(borders.count(), 3u);
  EXPECT_EQ(borders.key(0), "key1250");
  EXPECT_EQ(borders.key(1), "key1500");
  EXPECT_EQ(borders.key(2), "key1750");
}

TEST(KeyBorders, GiveAHotKeyARangeOfItsOwn) {
  std::vector<WeightedKey> samples = {{"a", 1}, {"hot", 1000}, {"z", 1}};
  const KeyBorders borders = balanced_borders(samples, 8);
  EXPECT_GE(borders.count(), 1u);
  EXPECT_EQ(borders.range_of(std::string("z")), borders.count());
  EXPECT_LT(borders.range_of(std::string("hot")), borders.range_of(std::string("z")));
}

// Goal: parts of a total order do not depend on how pairs met which worker. Method: the same pairs
// into one sample, and into many that are united in another order.
TEST(KeySample, OfAUnionIsTheUnionOfSamples) {
  Random random(test_seed());
  Records records;
  for (int i = 0; i < 60000; ++i)
    records.push_back(
        {std::to_string(random.below(20000)) + std::string(random.below(80), 'x'), "v", 0});
  KeySample whole;
  for (const Record& record : records)
    whole.add(pair_of(record), static_cast<std::uint32_t>(record.key.size()));
  std::vector<KeySample> samples(7);
  for (const Record& record : records)
    samples[random.below(samples.size())].add(pair_of(record),
                                              static_cast<std::uint32_t>(record.key.size()));
  KeySample united;
  for (auto sample = samples.rbegin(); sample != samples.rend(); ++sample) united.add(*sample);
  const auto sorted_keys = [](const KeySample& sample) {
    KeySample pruned;
    pruned.add(sample);
    std::vector<std::pair<std::string, std::uint64_t>> keys;
    for (const WeightedKey& key : pruned.keys()) keys.emplace_back(key.key, key.weight);
    std::sort(keys.begin(), keys.end());
    return keys;
  };
  EXPECT_EQ(sorted_keys(whole).size(), KeySample::kKept);
  EXPECT_TRUE(sorted_keys(whole) == sorted_keys(united));
}

TEST(Partitioner, UsesTheDocumentedHash) {
  const SpecJob job;
  const Partitioner partitioner(job, 1000);
  Random random(test_seed());
  for (int i = 0; i < 2000; ++i) {
    const Record record{hard_key(random), "", 0};
    const Pair pair = pair_of(record);
    std::uint32_t part = 0;
    partitioner.assign(std::span(&pair, 1), std::span(&part, 1));
    const std::uint64_t hash = hash64(record.key.data(), record.key.size());
    const double share = static_cast<double>(hash) / 18446744073709551616.0 * 1000;
    ASSERT_NEAR(static_cast<double>(part), share, 1.0);
    ASSERT_LT(part, 1000u);
  }
}

TEST(PiecePlan, PutsAKeyInThePieceWhoseRangeHoldsIt) {
  Random random(test_seed());
  for (int round = 0; round < 100; ++round) {
    const auto borders = [&] {
      std::vector<std::string> keys;
      for (std::uint64_t n = random.below(10); n > 0; --n) keys.push_back(hard_key(random));
      return KeyBorders(std::move(keys));
    };
    const KeyBorders parts = borders();
    const PiecePlan plan = PiecePlan::of_total_order(parts, borders());
    for (std::size_t i = 0; i + 1 < plan.pieces().size(); ++i)
      ASSERT_LE(plan.pieces()[i].part, plan.pieces()[i + 1].part);
    for (int i = 0; i < 50; ++i) {
      const Record record{hard_key(random), "", 0};
      const Piece& piece = plan.pieces()[plan.piece_of(0, pair_of(record))];
      ASSERT_TRUE(!piece.range.has_low || piece.range.low <= record.key);
      ASSERT_TRUE(!piece.range.has_high || record.key < piece.range.high);
      ASSERT_EQ(piece.part, parts.range_of(record.key));
    }
  }
}

}  // namespace
}  // namespace mrun
