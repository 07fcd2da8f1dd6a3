// Key borders, the key sample behind a total order, partitions and the plan of pieces.
#include "shuffle/key_borders.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <tuple>

#include "base/hash.hpp"
#include "shuffle/emits.hpp"
#include "shuffle/partitioner.hpp"
#include "shuffle/piece_plan.hpp"

namespace mrun {
namespace {

using namespace test_support;

TEST(KeyBorders, CountTheBordersThatAreNotAbove) {
  Random random(test_seed());
  int found_by_head = 0;
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
      std::size_t by_head = 0;
      if (borders.find_by_head(pair_of(record).k0, by_head)) {
        ASSERT_EQ(by_head, expected);
        ++found_by_head;
      }
      ASSERT_EQ(borders.range_of(record.key), expected);
    }
  }
  EXPECT_GT(found_by_head, 1000);
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

// Goal: keys that share their first bytes, or are short of them, are put in order as bytes are.
// Method: random samples of equal weight, cut so often that all of them are borders but the least.
TEST(KeyBorders, AreTheSamplesInOrder) {
  for (std::uint64_t i = 0; i < scaled(200); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    std::set<std::string> keys;
    for (std::uint64_t n = 2 + random.below(50); n > 0; --n) keys.insert(hard_key(random));
    std::vector<WeightedKey> samples;
    for (const std::string& key : keys) samples.push_back({key, 1, 0});
    std::shuffle(samples.begin(), samples.end(), std::mt19937_64(i));
    const KeyBorders borders = balanced_borders(samples, samples.size());
    std::vector<std::string> found;
    for (std::size_t at = 0; at < borders.count(); ++at) found.emplace_back(borders.key(at));
    EXPECT_EQ(std::vector<std::string>(std::next(keys.begin()), keys.end()), found);
  }
}

TEST(KeyBorders, GiveAHotKeyARangeOfItsOwn) {
  std::vector<WeightedKey> samples = {{"a", 1}, {"hot", 1000}, {"z", 1}};
  const KeyBorders borders = balanced_borders(samples, 8);
  EXPECT_GE(borders.count(), 1u);
  EXPECT_EQ(borders.range_of(std::string("z")), borders.count());
  EXPECT_LT(borders.range_of(std::string("hot")), borders.range_of(std::string("z")));
}

/// All pairs of these keys and tasks, in order.
std::vector<KeyBorder> small_pairs(const std::vector<std::string>& keys, std::uint32_t tasks) {
  std::vector<KeyBorder> pairs;
  for (const std::string& key : keys)
    for (std::uint32_t task = 0; task < tasks; ++task) pairs.push_back({key, task});
  return pairs;
}
/// Those whose bits are set.
std::vector<KeyBorder> chosen(const std::vector<KeyBorder>& from, std::size_t bits) {
  std::vector<KeyBorder> some;
  for (std::size_t i = 0; i < from.size(); ++i)
    if ((bits >> i & 1) != 0) some.push_back(from[i]);
  return some;
}

TEST(KeyBorders, InsideKeysCountAsTheNaiveModelDoesInAllSmallCases) {
  const std::vector<KeyBorder> pairs =
      small_pairs({"", "a", std::string(17, 'a'), std::string(16, 'a') + "b"}, 3);
  for (std::size_t bits = 0; bits < std::size_t{1} << pairs.size(); ++bits) {
    const std::vector<KeyBorder> some = chosen(pairs, bits);
    const KeyBorders borders(some);
    ASSERT_EQ(borders.count(), some.size());
    for (const KeyBorder& pair : pairs) {
      const auto expected = static_cast<std::size_t>(
          std::count_if(some.begin(), some.end(), [&](const KeyBorder& border) {
            return std::tie(border.key, border.task) <= std::tie(pair.key, pair.task);
          }));
      ASSERT_EQ(borders.range_of(pair_of({pair.key, "", pair.task})), expected);
      if (pair.task == 0) {
        ASSERT_EQ(borders.range_of(pair.key), expected);
      }
    }
  }
}

TEST(KeyBorders, CutAHotKeyBetweenItsTasks) {
  std::vector<WeightedKey> samples = {{"a", 10}, {"z", 10}};
  for (std::uint32_t task = 0; task < 40; ++task) samples.push_back({"hot", 10, task});
  const KeyBorders borders = balanced_borders(samples, 6);
  ASSERT_EQ(borders.count(), 5u);
  for (std::size_t i = 0; i < borders.count(); ++i) {
    EXPECT_EQ(borders.key(i), "hot");
    EXPECT_EQ(borders.border(i).task, 6 + 7 * i);
  }
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

TEST(PiecePlan, CutsKeysInsidePartsButNeverBetweenThemInAllSmallCases) {
  const std::vector<std::string> keys = {"", "a", std::string(17, 'a')};
  const std::vector<KeyBorder> pairs = small_pairs(keys, 3);
  for (std::size_t part_bits = 0; part_bits < 8; ++part_bits) {
    const KeyBorders parts(chosen(small_pairs(keys, 1), part_bits));
    for (std::size_t bits = 0; bits < std::size_t{1} << pairs.size(); ++bits) {
      const std::vector<KeyBorder> cuts = chosen(pairs, bits);
      const PiecePlan plan = PiecePlan::of_total_order(parts, KeyBorders(cuts));
      ASSERT_EQ(plan.pieces_inside_keys(),
                static_cast<std::size_t>(std::count_if(
                    cuts.begin(), cuts.end(), [](const KeyBorder& cut) { return cut.task != 0; })));
      for (const KeyBorder& pair : pairs) {
        const std::size_t place = plan.piece_of(0, pair_of({pair.key, "", pair.task}));
        ASSERT_EQ(plan.part_of(place), parts.range_of(pair.key));
        for (std::size_t i = 0; i < plan.size(); ++i) {
          const KeyRange range = plan.piece(i).range;
          const bool holds = (!range.has_low || std::tie(range.low, range.low_task) <=
                                                    std::tie(pair.key, pair.task)) &&
                             (!range.has_high || std::tie(pair.key, pair.task) <
                                                     std::tie(range.high, range.high_task));
          ASSERT_EQ(holds, i == place);
        }
      }
    }
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
    for (std::size_t i = 0; i + 1 < plan.size(); ++i)
      ASSERT_LE(plan.part_of(i), plan.part_of(i + 1));
    for (int i = 0; i < 50; ++i) {
      const Record record{hard_key(random), "", 0};
      const Piece piece = plan.piece(plan.piece_of(0, pair_of(record)));
      ASSERT_TRUE(!piece.range.has_low || piece.range.low <= record.key);
      ASSERT_TRUE(!piece.range.has_high || record.key < piece.range.high);
      ASSERT_EQ(piece.part, parts.range_of(record.key));
    }
  }
}

TEST(PiecePlan, CutsSomeOfManyPartitions) {
  Random random(test_seed());
  for (int round = 0; round < 100; ++round) {
    const auto partitions = static_cast<std::uint32_t>(1 + random.below(20));
    std::vector<std::vector<std::string>> keys(partitions);
    std::vector<PartitionCuts> cuts;
    for (std::uint32_t p = 0; p < partitions; ++p) {
      if (random.one_in(2)) continue;
      for (std::uint64_t n = random.below(4); n > 0; --n) keys[p].push_back(hard_key(random));
      std::sort(keys[p].begin(), keys[p].end());
      keys[p].erase(std::unique(keys[p].begin(), keys[p].end()), keys[p].end());
      cuts.push_back({p, KeyBorders(keys[p])});
    }
    const PiecePlan plan(partitions, std::move(cuts));
    std::size_t first = 0;
    for (std::uint32_t p = 0; p < partitions; ++p) {
      for (std::size_t i = 0; i <= keys[p].size(); ++i) {
        const Piece piece = plan.piece(first + i);
        ASSERT_EQ(piece.partition, p);
        ASSERT_EQ(piece.part, p);
        ASSERT_EQ(plan.partition_of(first + i), p);
        ASSERT_EQ(piece.range.has_low, i > 0);
        ASSERT_EQ(piece.range.low, i > 0 ? keys[p][i - 1] : "");
        ASSERT_EQ(piece.range.has_high, i < keys[p].size());
        ASSERT_EQ(piece.range.high, i < keys[p].size() ? keys[p][i] : "");
      }
      const std::string key = hard_key(random);
      const auto below = std::upper_bound(keys[p].begin(), keys[p].end(), key) - keys[p].begin();
      ASSERT_EQ(plan.piece_of(p, pair_of({key, "", 0})), first + static_cast<std::size_t>(below));
      first += keys[p].size() + 1;
    }
    ASSERT_EQ(plan.size(), first);
  }
}

}  // namespace
}  // namespace mrun
