// The combine table against a map of vectors.
#include "shuffle/combine_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "shuffle/emits.hpp"
#include "shuffle/folds.hpp"

namespace mrun {
namespace {

using namespace test_support;

// A table alone, and what comes out of it.
struct OpenTable {
  OpenTable(const JobSpec& spec, std::size_t budget_bytes, std::size_t share_bytes,
            std::uint64_t hash_seed)
      : job(spec),
        budget(budget_bytes),
        table(CombineTable::create(fold, sink, {&budget, share_bytes, hash_seed})) {}

  void add_in_batches(const Records& records) {
    for (std::size_t begin = 0; begin < records.size(); begin += 1000) {
      const std::size_t end = std::min(records.size(), begin + 1000);
      ASSERT_TRUE(table->add(Emits({records.begin() + static_cast<std::ptrdiff_t>(begin),
                                    records.begin() + static_cast<std::ptrdiff_t>(end)})
                                 .batch()));
    }
  }

  SpecJob job;
  StateFold fold{job};
  MemoryBudget budget;
  KeepingSink sink;
  Result<CombineTable> table;
};

void expect_table_folds(const JobSpec& spec, std::size_t share_bytes, std::uint64_t keys,
                        Random& random) {
  OpenTable open(spec, std::size_t{64} << 20, share_bytes, random.below(1u << 30));
  ASSERT_TRUE(open.table);
  const Records records = random_states(random, spec, 1 + random.below(20000), keys);
  for (std::size_t begin = 0; begin < records.size();) {
    const std::size_t end = std::min(records.size(), begin + 1 + random.below(1500));
    const Emits emits({records.begin() + static_cast<std::ptrdiff_t>(begin),
                       records.begin() + static_cast<std::ptrdiff_t>(end)},
                      random.one_in(2) ? Emits::Kind::referred : Emits::Kind::copied);
    ASSERT_TRUE(open.table->add(emits.batch()));
    begin = end;
  }
  ASSERT_TRUE(open.table->flush());
  const std::size_t after_first = open.sink.records.size();
  ASSERT_TRUE(open.table->flush());
  EXPECT_EQ(open.sink.records.size(), after_first) << "a flushed table is empty";
  if (open.fold.is_exact()) {
    EXPECT_TRUE(model(open.sink.records, open.fold) == model(records, open.fold));
  } else {
    // Partial states are not values, so only one flush can be compared.
    const auto expected = model(records, open.fold);
    if (after_first == expected.size()) {
      EXPECT_TRUE(model(open.sink.records, open.fold) == expected);
    }
  }
}

TEST(CombineTable, FoldsEveryPairOnce) {
  for (std::uint64_t i = 0; i < scaled(60); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    const std::size_t share = random.pick(std::vector<std::size_t>{64 << 10, 512 << 10, 4 << 20});
    const std::uint64_t keys = random.pick(std::vector<std::uint64_t>{1, 30, 3000, 30000});
    expect_table_folds(summing_spec(), share, keys, random);
    expect_table_folds(wide_spec(), share, keys, random);
    expect_table_folds(huge_spec(), share, keys, random);
    expect_table_folds(folding_spec(false), share, keys, random);
  }
}

// Goal: the way for keys that fit an entry and states that do not. Method: such pairs alone, in a
// share that holds all keys and in ones that do not.
TEST(CombineTable, FoldsWideStatesOfShortKeys) {
  for (std::uint64_t i = 0; i < scaled(30); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    const std::size_t share = random.pick(std::vector<std::size_t>{64 << 10, 512 << 10, 4 << 20});
    const std::uint64_t keys = random.pick(std::vector<std::uint64_t>{1, 30, 3000, 30000});
    OpenTable open(random.one_in(2) ? wide_spec() : huge_spec(), share, share,
                   random.below(1u << 30));
    ASSERT_TRUE(open.table);
    Records records;
    for (std::uint64_t n = 1 + random.below(20000); n > 0; --n)
      records.push_back(
          {"key " + std::to_string(random.below(keys)), random_state(random, open.job.spec()), 0});
    open.add_in_batches(records);
    ASSERT_TRUE(open.table->flush());
    EXPECT_TRUE(model(open.sink.records, open.fold) == model(records, open.fold));
  }
}

// A key of 16 bytes whose hash is `number` in its upper half and 0 in its lower one, under
// kCollidingSeed: one factor of the hash is 1 then.
constexpr std::uint64_t kCollidingSeed = 0xc2b2ae3d27d4eb4f ^ 1;
std::string colliding_key(std::uint64_t number) {
  const std::uint64_t k1 = ((number << 32) - 16) ^ 0x9e3779b97f4a7c15;
  std::string key(8, '\0');
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(k1 >> shift & 0xFF);
  return key;
}

// Goal: keys whose probe leaves the cache line that was loaded, or finds no end, are folded as all
// else. Method: keys that all belong in one slot, fewer and more than a probe looks at, among
// others.
TEST(CombineTable, FoldsKeysBuiltToCollide) {
  for (const std::uint64_t keys : std::vector<std::uint64_t>{1, 2, 3, 10, 63, 64, 65, 300}) {
    for (const JobSpec& spec : {summing_spec(), wide_spec(), huge_spec()}) {
      SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + ", " + std::to_string(keys) +
                   " keys, states of " + std::to_string(spec.state_size));
      Random random(case_seed(keys));
      OpenTable open(spec, std::size_t{4} << 20, std::size_t{4} << 20, kCollidingSeed);
      ASSERT_TRUE(open.table);
      Records records;
      for (int i = 0; i < 3000; ++i) {
        const std::string key = random.one_in(4) ? "key " + std::to_string(random.below(500))
                                                 : colliding_key(1 + random.below(keys));
        records.push_back({key, random_state(random, spec), 0});
      }
      open.add_in_batches(records);
      ASSERT_TRUE(open.table->flush());
      EXPECT_TRUE(model(open.sink.records, open.fold) == model(records, open.fold));
      // Those that a probe reaches came out once each, so they did collide, and were folded.
      const std::size_t out = open.sink.records.size();
      const std::size_t different = model(records, open.fold).size();
      if (keys <= 10) {
        EXPECT_EQ(out, different);
      } else if (keys >= 300) {
        EXPECT_GT(out, 2 * different);
      }
    }
  }
}

// Whether each key's partial states, one behind the other, are the folds of its values in order. A
// value is a number, then how many of its key came before; folds keep the latter of the first.
bool are_folds_in_order(const Records& values, const Records& states) {
  struct Key {
    std::vector<std::uint64_t> values;
    std::size_t folded = 0;  // Of the values, those in the states so far.
  };
  std::map<std::string, Key> keys;
  for (const Record& value : values)
    keys[value.key].values.push_back(bytes_number(value.value.substr(0, 8)));
  for (const Record& state : states) {
    Key& key = keys[state.key];
    if (bytes_number(state.value.substr(8, 8)) != key.folded) return false;
    const std::uint64_t wanted = bytes_number(state.value.substr(0, 8));
    // The shortest that gives it: longer ones give other numbers, since values are not 0.
    std::uint64_t folded = 0;
    do {
      if (key.folded == key.values.size()) return false;
      folded = 3 * folded + key.values[key.folded++];
    } while (folded != wanted);
  }
  return std::all_of(keys.begin(), keys.end(),
                     [](const auto& key) { return key.second.folded == key.second.values.size(); });
}

// Goal: a fold that is not exact sees a key's pairs in order, whichever way each takes. Method:
// states in slots and in the arena, keys that collide among others, long ones between them, in
// shares that hold all and in ones that are flushed in the middle of a batch.
TEST(CombineTable, KeepsTheOrderOfAKeyWhicheverWayItsPairsTake) {
  for (std::uint64_t i = 0; i < scaled(60); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    JobSpec spec = folding_spec(false);
    spec.state_size = random.pick(std::vector<std::uint32_t>{16, 40, 48, 104, 3000});
    const std::size_t share =
        random.pick(std::vector<std::size_t>{32 << 10, 96 << 10, 300 << 10, 2 << 20});
    const std::uint64_t keys = random.pick(std::vector<std::uint64_t>{5, 100, 1000, 6000});
    OpenTable open(spec, share, share, random.one_in(2) ? kCollidingSeed : 0);
    ASSERT_TRUE(open.table);
    std::map<std::string, std::uint64_t> seen;
    Records records;
    for (int left = spec.state_size > 1000 ? 3000 : 12000; left > 0; --left) {
      std::string key = random.one_in(2)
                            ? colliding_key(1 + random.below(std::min(keys, std::uint64_t{100})))
                            : "key " + std::to_string(random.below(keys));
      if (random.one_in(40)) key += ", which is longer than others";
      std::string value = number_bytes(1 + random.below(1000)) + number_bytes(seen[key]++);
      value.resize(spec.state_size);
      records.push_back({key, value, 0});
    }
    open.add_in_batches(records);
    ASSERT_TRUE(open.table->flush());
    EXPECT_TRUE(are_folds_in_order(records, open.sink.records));
  }
}

// Goal: memory that a flushed table keeps for small states does not keep a large one out.
TEST(CombineTable, CombinesALongKeyAfterManyShortOnes) {
  constexpr std::size_t kShare = 96 << 10;
  OpenTable open(wide_spec(), kShare, kShare, 1);
  ASSERT_TRUE(open.table);
  const std::string state = number_bytes(1) + number_bytes(1) + number_bytes(1);
  Records records;
  for (std::uint64_t i = 0; i < 4000; ++i)
    records.push_back({"short " + std::to_string(i % 1000), state, 0});
  ASSERT_TRUE(open.table->add(Emits(records).batch()));
  ASSERT_TRUE(open.table->flush());
  open.sink.records.clear();
  const Records long_ones(100, Record{std::string(50000, 'k'), state, 0});
  for (const Record& record : long_ones) ASSERT_TRUE(open.table->add(Emits({record}).batch()));
  ASSERT_TRUE(open.table->flush());
  EXPECT_EQ(1u, open.sink.records.size());
  EXPECT_TRUE(model(open.sink.records, open.fold) == model(long_ones, open.fold));
}

// Goal: slots that took all of the share while keys were short make room for long ones. Method: as
// many short keys as such slots hold, then some long ones again and again, which must be combined.
TEST(CombineTable, CombinesLongKeysAfterItsSlotsTookTheShare) {
  constexpr std::size_t kShare = 256 << 10;
  OpenTable open(summing_spec(), kShare, kShare, 1);
  ASSERT_TRUE(open.table);
  Records records;
  for (std::uint64_t i = 0; i < 4 * 4500; ++i)
    records.push_back({"short " + std::to_string(i % 4500), number_bytes(i), 0});
  for (std::uint64_t i = 0; i < 20000; ++i)
    records.push_back(
        {"a key of more than 16 bytes " + std::to_string(i % 500), number_bytes(i), 0});
  open.add_in_batches(records);
  EXPECT_EQ(4500u, open.sink.records.size()) << "handed over once, for the first long key";
  ASSERT_TRUE(open.table->flush());
  EXPECT_EQ(5000u, open.sink.records.size());
  EXPECT_LE(open.budget.peak_bytes(), kShare);
  EXPECT_TRUE(model(open.sink.records, open.fold) == model(records, open.fold));
}

TEST(CombineTable, KeepsToItsShare) {
  constexpr std::size_t kShare = 300 << 10;
  OpenTable open(wide_spec(), kShare, kShare, 1);
  ASSERT_TRUE(open.table);
  Random random(3);
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(open.table->add(Emits(random_states(random, open.job.spec(), 1000, 1000)).batch()));
  ASSERT_TRUE(open.table->flush());
  EXPECT_LE(open.budget.peak_bytes(), kShare);
}

// Goal: where a table is full does not depend on what others leave of the budget, which a fold that
// is not exact would show. Method: a share that ends inside a page, alone in its budget and beside
// another one that is free.
TEST(CombineTable, IsFullAtTheSamePairWhateverTheBudgetHasLeft) {
  constexpr std::size_t kShare = 123'361;
  Records records;
  for (std::uint64_t i = 0; i < 8000; ++i)
    records.push_back({std::string(70, 'k') + std::to_string(i * i % 3001), number_bytes(i), 0});
  const auto folded_within = [&](std::size_t budget_bytes) {
    OpenTable open(folding_spec(false), budget_bytes, kShare, 0);
    open.add_in_batches(records);
    EXPECT_TRUE(open.table->flush());
    EXPECT_LE(open.budget.peak_bytes(), kShare);
    return open.sink.records;
  };
  EXPECT_TRUE(folded_within(kShare) == folded_within(2 * kShare));
}

// Goal: a table of a small share still combines long keys, and a key that fits no table goes past
// it.
TEST(CombineTable, CombinesLongKeysInASmallShare) {
  OpenTable open(wide_spec(), std::size_t{96} << 10, std::size_t{96} << 10, 1);
  ASSERT_TRUE(open.table);
  Records records;
  for (std::uint64_t i = 0; i < 20000; ++i)
    records.push_back({"a key of more than 16 bytes " + std::to_string(i % 50),
                       number_bytes(i) + number_bytes(i) + number_bytes(i), 0});
  records.push_back(
      {std::string(200000, 'k'), number_bytes(1) + number_bytes(1) + number_bytes(1), 0});
  open.add_in_batches(records);
  ASSERT_TRUE(open.table->flush());
  EXPECT_LT(open.sink.records.size(), 1000u);
  EXPECT_TRUE(model(open.sink.records, open.fold) == model(records, open.fold));
}

// Goal: what goes past the table does not overtake what is in it. Method: new keys until the table
// lets pairs pass, then one key again and again; its states must come out in the order of emits.
TEST(CombineTable, KeepsTheOrderOfAKeyWhenPairsPassIt) {
  OpenTable open(folding_spec(false), std::size_t{96} << 10, std::size_t{96} << 10, 0);
  ASSERT_TRUE(open.table);
  std::uint64_t number = 0;
  for (int batch = 0; batch < 20; ++batch) {
    Records records;
    for (int i = 0; i < 700; ++i) {
      records.push_back({"new " + std::to_string(number), number_bytes(0), 0});
      records.push_back({"same", number_bytes(++number), 0});
    }
    ASSERT_TRUE(open.table->add(Emits(records).batch()));
  }
  ASSERT_TRUE(open.table->flush());
  // 3 * state + value mod 2^64 grows with each fold, so the order shows in the last value folded
  // in.
  std::uint64_t position = 0;
  for (const Record& record : open.sink.records) {
    if (record.key != "same") continue;
    // The state of values a, a+1, … b: undo the fold from the front.
    std::uint64_t state = bytes_number(record.value), folded = 0, next = position;
    do folded = 3 * folded + ++next;
    while (folded != state && next < position + 20000);
    ASSERT_EQ(folded, state) << "after value " << position;
    position = next;
  }
  EXPECT_EQ(position, number);
}

// Goal: a table whose keys come many times and then no more stays small, and one whose keys come
// again at random grows; each says so, and both fold the same. Method: as many keys and pairs in
// two orders, in a share that holds all keys.
TEST(CombineTable, GrowsOnlyWhereKeysComeAgain) {
  constexpr std::size_t kShare = std::size_t{64} << 20;
  constexpr std::uint64_t kKeys = 200'000, kTimes = 5, kTogether = 4000;
  SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()));
  Random random(case_seed(1));
  Records by_time;
  for (std::uint64_t begin = 0; begin < kKeys; begin += kTogether)
    for (std::uint64_t i = 0; i < kTogether * kTimes; ++i) {
      const std::string key = std::to_string(begin + random.below(kTogether));
      by_time.push_back(
          {i % 7 == 0 ? key + "/a key that does not fit an entry" : key, number_bytes(i), 0});
    }
  Records at_random = by_time;
  for (std::size_t i = at_random.size(); i > 1; --i)
    std::swap(at_random[i - 1], at_random[random.below(i)]);

  const auto peak_of = [&](const Records& records, bool come_once) {
    OpenTable open(summing_spec(), kShare, kShare, 1);
    open.add_in_batches(records);
    EXPECT_EQ(open.table->keys_come_once(), come_once);
    EXPECT_TRUE(open.table->flush());
    EXPECT_LT(open.sink.records.size(), records.size() / 2);
    EXPECT_TRUE(model(open.sink.records, open.fold) == model(records, open.fold));
    return open.budget.peak_bytes();
  };
  EXPECT_LT(peak_of(by_time, true), std::size_t{8} << 20);
  EXPECT_GT(peak_of(at_random, false), std::size_t{16} << 20);
}

TEST(CombineTable, RefusesAValueThatIsNoState) {
  OpenTable open(summing_spec(), std::size_t{8} << 20, std::size_t{4} << 20, 1);
  ASSERT_TRUE(open.table);
  const auto added = open.table->add(Emits({{"key", "short", 0}}).batch());
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, Code::plugin);
}

}  // namespace
}  // namespace mrun
