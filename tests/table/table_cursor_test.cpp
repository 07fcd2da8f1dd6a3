// Every move of a cursor is held against the same move in a std::multimap, on tables of every
// shape: few and many pairs, long keys with long common prefixes, keys with many values, pairs
// larger than a block, every codec, and a stream that comes in pieces of any size.
#include "table/table_cursor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "support/files.hpp"
#include "table/tables.hpp"

namespace mrun {
namespace {

using test_support::make_table;
using test_support::open_table;
using test_support::slice_of;
using test_support::TableMaking;
using test_support::TablePair;
using test_support::TempFolder;

using Model = std::multimap<std::string, std::optional<std::string>>;
using Random = std::mt19937_64;

struct Shape {
  std::size_t pairs = 0;
  std::size_t alphabet = 26;
  std::size_t key_bytes_max = 12;
  std::size_t prefix_bytes = 0;  ///< That all keys have in common.
  std::size_t value_bytes_max = 10;
  double repeats = 0.2;  ///< How likely the next pair has the same key.
};

const Shape kShapes[] = {
    {0},
    {1},
    {3, 2, 2},
    {200, 2, 8, 0, 3, 0.5},
    {5000, 26, 12, 0, 10, 0.1},
    {60'000, 26, 10, 0, 8, 0.3},
    {2000, 4, 2000, 0, 20},            // Separators that are cut, or nearly.
    {600, 3, 40, 3000, 10, 0.2},       // All of them are.
    {400, 26, 20, 0, 60'000, 0.2},     // Values beyond a block.
    {20'000, 3, 3, 0, 40, 0.9999},     // Keys whose values fill many blocks.
    {60, 2, 150'000, 100'000, 4, 0.2}  // Keys beyond a block.
};

std::string random_key(Random& random, const Shape& shape) {
  std::string key(shape.prefix_bytes, 'p');
  const std::size_t size = random() % (shape.key_bytes_max + 1);
  for (std::size_t i = 0; i < size; ++i)
    key += static_cast<char>(random() % 8 == 0 ? random() : random() % shape.alphabet);
  return key;
}

std::vector<TablePair> random_pairs(Random& random, const Shape& shape) {
  std::vector<TablePair> pairs;
  std::string key;
  for (std::size_t i = 0; i < shape.pairs; ++i) {
    if (i == 0 || static_cast<double>(random() % 10'000) >= shape.repeats * 10'000)
      key = random_key(random, shape);
    TablePair pair{key, std::nullopt};
    if (random() % 10 != 0) {
      pair.value = std::string(random() % (shape.value_bytes_max + 1), 'v');
      for (char& byte : *pair.value) byte = static_cast<char>('a' + random() % 4);
    }
    pairs.push_back(std::move(pair));
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const TablePair& a, const TablePair& b) { return a.key < b.key; });
  return pairs;
}

void expect_at(const TableCursor& cursor, const Model& model, Model::const_iterator at) {
  ASSERT_EQ(cursor.valid(), at != model.end());
  if (at == model.end()) return;
  ASSERT_EQ(cursor.key().view(), at->first);
  ASSERT_EQ(cursor.has_value(), at->second.has_value());
  if (at->second) {
    ASSERT_EQ(cursor.value().view(), *at->second);
  }
}

/// A key that the table has, or one near to it.
std::string probe(Random& random, const std::vector<TablePair>& pairs, const Shape& shape) {
  if (pairs.empty() || random() % 4 == 0) return random_key(random, shape);
  std::string key = pairs[random() % pairs.size()].key;
  switch (random() % 6) {
    case 0:
      return key + std::string(1, '\0');
    case 1:
      return key.substr(0, random() % (key.size() + 1));
    case 2:
      if (!key.empty()) key.back() = static_cast<char>(key.back() + (random() % 2 == 0 ? 1 : -1));
      return key;
    default:
      return key;
  }
}

class TableCursorTest : public testing::TestWithParam<std::size_t> {};

TEST_P(TableCursorTest, MovesAsAMultimapDoes) {
  const Shape& shape = kShapes[GetParam()];
  const TempFolder folder;
  for (const TableCodec codec : {TableCodec::lz4, TableCodec::zstd, TableCodec::none}) {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::vector<TablePair> pairs = random_pairs(random, shape);
    Model model;
    for (const TablePair& pair : pairs) model.emplace(pair.key, pair.value);
    TableMaking making;
    making.codec = codec;
    making.cut_seed = random() | 1;
    const auto table = open_table(folder / "table", pairs, making);
    ASSERT_NE(table, nullptr);
    const Result<void> whole = table->check_all();
    ASSERT_TRUE(whole) << whole.error().message;
    ASSERT_EQ(table->entries(), pairs.size());

    // From begin to end and back.
    TableCursor cursor(*table);
    ASSERT_TRUE(cursor.seek_to_first());
    std::size_t place = 0;
    for (auto at = model.begin(); at != model.end(); ++at, ++place) {
      ASSERT_NO_FATAL_FAILURE(expect_at(cursor, model, at));
      if (place % 97 == 0) {
        ASSERT_EQ(*cursor.rank(), place);
      }
      ASSERT_TRUE(cursor.next());
    }
    ASSERT_FALSE(cursor.valid());
    ASSERT_EQ(*cursor.rank(), pairs.size());
    ASSERT_EQ(cursor.blocks_read(), table->blocks());
    ASSERT_TRUE(cursor.seek_to_last());
    for (auto at = model.rbegin(); at != model.rend(); ++at) {
      ASSERT_NO_FATAL_FAILURE(expect_at(cursor, model, std::prev(at.base())));
      ASSERT_TRUE(cursor.previous());
    }
    ASSERT_FALSE(cursor.valid());

    for (int i = 0; i < 1000; ++i) {
      const std::string key = probe(random, pairs, shape);
      const auto lower = model.lower_bound(key);
      const bool is_there = lower != model.end() && lower->first == key;
      TableCursor one(*table);
      if (random() % 2 == 0) {
        const Result<bool> found = one.find(slice_of(key));
        ASSERT_TRUE(found) << found.error().message;
        ASSERT_EQ(*found, is_there);
        ASSERT_NO_FATAL_FAILURE(expect_at(one, model, is_there ? lower : model.end()));
        ASSERT_LE(one.blocks_read(), 1u);
        const Result<bool> may = table->may_hold(slice_of(key));
        ASSERT_TRUE(may) << may.error().message;
        ASSERT_TRUE(*may || !is_there);
        continue;
      }
      const Result<void> sought = one.seek(slice_of(key));
      ASSERT_TRUE(sought) << sought.error().message;
      ASSERT_NO_FATAL_FAILURE(expect_at(one, model, lower));
      auto at = lower;
      // A walk from there.
      for (int step = 0; step < 8 && one.valid(); ++step) {
        if (random() % 2 == 0) {
          ++at;
          ASSERT_TRUE(one.next());
        } else if (at == model.begin()) {
          at = model.end();
          ASSERT_TRUE(one.previous());
        } else {
          --at;
          ASSERT_TRUE(one.previous());
        }
        ASSERT_NO_FATAL_FAILURE(expect_at(one, model, at));
      }
      if (pairs.size() < 10'000) {
        ASSERT_EQ(*table->rank(slice_of(key)), std::distance(model.begin(), lower));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, TableCursorTest,
                         testing::Range<std::size_t>(0, std::size(kShapes)));

TEST(TableBuilder, SameBytesWhereverTheStreamIsCut) {
  Random random(7);
  for (const Shape& shape : {kShapes[5], kShapes[8], kShapes[10]}) {
    const std::vector<TablePair> pairs = random_pairs(random, shape);
    const Result<std::string> whole = make_table(pairs);
    ASSERT_TRUE(whole);
    for (std::uint64_t seed = 1; seed < 4; ++seed) {
      TableMaking making;
      making.cut_seed = seed;
      const Result<std::string> cut = make_table(pairs, making);
      ASSERT_TRUE(cut);
      ASSERT_TRUE(*cut == *whole) << "seed " << seed;
    }
  }
}

TEST(TableBuilder, ValueLargerThanMemoryGoesThrough) {
  const TempFolder folder;
  const std::string large(std::size_t{70} << 20, 'x');
  const std::vector<TablePair> pairs = {{"a", "1"}, {"b", large}, {"b", "2"}, {"c", std::nullopt}};
  TableMaking making;
  making.memory_bytes = TableBuilder::memory_bytes(making.codec);
  making.cut_seed = 3;
  const auto table = open_table(folder / "table", pairs, making);
  ASSERT_NE(table, nullptr);
  TableCursor cursor(*table);
  ASSERT_TRUE(*cursor.find(slice_of("b")));
  EXPECT_TRUE(cursor.value().view() == large);
  ASSERT_TRUE(cursor.next());
  EXPECT_EQ(cursor.value().view(), "2");
  ASSERT_TRUE(cursor.next());
  EXPECT_EQ(cursor.key().view(), "c");
  EXPECT_TRUE(table->check_all());
}

TEST(TableBuilder, RefusesAKeyBeyondItsLimit) {
  const std::vector<TablePair> longest = {{std::string(kTableKeyBytesMax, 'k'), "v"}};
  EXPECT_TRUE(make_table(longest));
  const std::vector<TablePair> longer = {{std::string(kTableKeyBytesMax + 1, 'k'), "v"}};
  const Result<std::string> refused = make_table(longer);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::limit);
  EXPECT_EQ(refused.error().message,
            "'part-00000' would get a key of 262145 bytes, and a table's have at most 262144");
}

TEST(TableBuilder, SaysWhichKeysAreNotInOrder) {
  const std::vector<TablePair> pairs = {{"a", "1"}, {"c\n", "2"}, {"b", "3"}};
  TableMaking making;
  making.is_ordered_by_job = true;
  const Result<std::string> refused = make_table(pairs, making);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::plugin);
  EXPECT_EQ(refused.error().message,
            "the key 'b' of 'part-00000' comes after the key 'c\\n', which is greater");
  making.is_ordered_by_job = false;
  EXPECT_EQ(make_table(pairs, making).error().code, Code::integrity);
}

TEST(TableBuilder, ChargesWhatItHolds) {
  TableMaking making;
  making.memory_bytes = TableBuilder::kMemoryBytes - 1;
  EXPECT_EQ(make_table({{"a", "1"}}, making).error().code, Code::limit);
  making.memory_bytes = TableBuilder::kMemoryBytes;
  EXPECT_TRUE(make_table({{std::string(kTableKeyBytesMax, 'a'), "1"}}, making));
  making.codec = TableCodec::zstd;
  EXPECT_EQ(make_table({{"a", "1"}}, making).error().code, Code::limit);
}

}  // namespace
}  // namespace mrun
