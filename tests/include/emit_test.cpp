// Emit writes entries of every kind, in emit order, that read back as the pairs emitted.
//
// Method: the test kit's PairCollector stands for the runner. It checks each entry against the
// contract and turns it back into a pair.
#include "mrun/emit.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "include/random_bytes.hpp"
#include "mrun/test/emitter.hpp"

namespace {

using mrun::Emit;
using mrun::None;
using mrun::detail::Session;
using mrun::detail::Stored;
using mrun::test::PairCollector;

/// An emitter of the given size, its context, and the pairs it has taken.
struct Bench {
  explicit Bench(std::uint32_t entries = 8, std::size_t heap_bytes = 1024)
      : collector(entries, heap_bytes) {
    ctx.size = sizeof ctx;
    ctx.emit = collector.emitter();
    session.ctx = &ctx;
  }
  /// The kind of the entry written last and not flushed.
  std::uint32_t last_kind() const {
    const mrun_emitter& emitter = *ctx.emit;
    return emitter.entries[emitter.n - 1].vlen >> 28;
  }
  const mrun::test::Pair& taken() {
    EXPECT_EQ(MRUN_OK, collector.take()) << collector.broken;
    return collector.pairs.back();
  }

  PairCollector collector;
  mrun_worker_ctx ctx{};
  Session session;
};

const std::string kLongKey = "a key of more than sixteen bytes";
const std::string kLongValue = "a value of more than eight bytes";

TEST(Emit, PutsShortPairsInline) {
  Bench bench;
  Emit<std::string_view, std::string_view> out(bench.session, Stored::as_value);
  out("sixteen bytes ok", "8 bytes!");
  EXPECT_EQ(MRUN_E_INLINE, static_cast<int>(bench.last_kind()));
  EXPECT_EQ("sixteen bytes ok", bench.taken().key);
  EXPECT_EQ("8 bytes!", bench.taken().value);
}

TEST(Emit, CopiesLongPairsIntoTheHeap) {
  Bench bench;
  Emit<std::string_view, std::string_view> out(bench.session, Stored::as_value);
  out(kLongKey, kLongValue);
  EXPECT_EQ(MRUN_E_HEAP, static_cast<int>(bench.last_kind()));
  EXPECT_EQ(kLongKey, bench.taken().key);
  EXPECT_EQ(kLongValue, bench.taken().value);
}

TEST(Emit, RefersToAValueThatStaysInPlace) {
  Bench bench;
  Emit<std::string_view, std::string_view> out(bench.session, Stored::as_value);
  bench.collector.offer(kLongValue);
  out("key", std::string_view(kLongValue).substr(1));
  EXPECT_EQ(MRUN_E_REF, static_cast<int>(bench.last_kind()));
  EXPECT_EQ(kLongValue.substr(1), bench.taken().value);
}

TEST(Emit, RefersToKeyAndValueOnEitherSide) {
  const std::string record = kLongKey + "\t" + kLongValue;
  const std::string_view key = std::string_view(record).substr(0, kLongKey.size());
  const std::string_view value = std::string_view(record).substr(kLongKey.size() + 1);
  Bench bench;
  Emit<std::string_view, std::string_view> out(bench.session, Stored::as_value);
  bench.collector.offer(record);
  for (const auto& [k, v] : {std::pair{key, value}, std::pair{value, key}}) {
    out(k, v);
    EXPECT_EQ(MRUN_E_REFKEY, static_cast<int>(bench.last_kind()));
    EXPECT_EQ(k, bench.taken().key);
    EXPECT_EQ(v, bench.taken().value);
  }
}

TEST(Emit, RefersToAKeyWithoutValue) {
  Bench bench;
  Emit<std::string_view, None> out(bench.session, Stored::as_value);
  bench.collector.offer(kLongKey);
  out(kLongKey);
  EXPECT_EQ(MRUN_E_REFKEY, static_cast<int>(bench.last_kind()));
  EXPECT_EQ(kLongKey, bench.taken().key);
  EXPECT_EQ("", bench.taken().value);
}

TEST(Emit, CopiesWhereKeyAndValueAreTooFarApartToReferToBoth) {
  const std::string record = kLongKey + std::string(40000, '-') + kLongValue;
  Bench bench;
  Emit<std::string_view, std::string_view> out(bench.session, Stored::as_value);
  bench.collector.offer(record);
  out(std::string_view(record).substr(0, kLongKey.size()),
      std::string_view(record).substr(record.size() - kLongValue.size()));
  EXPECT_EQ(MRUN_E_HEAP, static_cast<int>(bench.last_kind()));
  EXPECT_EQ(kLongKey, bench.taken().key);
}

TEST(Emit, CopiesWhatLiesOnlyPartlyInTheBytesThatStay) {
  Bench bench;
  Emit<std::string_view, std::string_view> out(bench.session, Stored::as_value);
  bench.collector.offer(std::string_view(kLongValue).substr(0, kLongValue.size() - 1));
  out("key", kLongValue);
  EXPECT_EQ(MRUN_E_HEAP, static_cast<int>(bench.last_kind()));
}

TEST(Emit, HandsOverWhatNoHeapHolds) {
  Bench bench(8, 64);
  Emit<std::string_view, std::string_view> out(bench.session, Stored::as_value);
  out("first", "1");
  out("second", std::string(100, 'v'));
  out("third", "3");
  EXPECT_EQ("third", bench.taken().key);
  ASSERT_EQ(3u, bench.collector.pairs.size());
  EXPECT_EQ("second", bench.collector.pairs[1].key);
  EXPECT_EQ(std::string(100, 'v'), bench.collector.pairs[1].value);
}

TEST(Emit, StopsWithTheStatusOfARefusedFlush) {
  Bench bench(1);
  bench.ctx.emit->flush = [](mrun_emitter*) { return mrun_status{MRUN_CANCELLED}; };
  Emit<std::string_view, None> out(bench.session, Stored::as_value);
  const mrun_status status = mrun::detail::fenced(bench.session, [&] {
    out("fits");
    try {
      out("does not");
    } catch (...) {  // A job that swallows everything is stopped all the same.
      return;
    }
  });
  EXPECT_EQ(MRUN_CANCELLED, status);
}

TEST(Emit, StoresValuesAsTheContractSays) {
  using namespace std::string_literals;
  Bench bench;
  Emit<std::string_view, std::int64_t>(bench.session, Stored::as_value)("k", -2);
  EXPECT_EQ("\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, bench.taken().value);
  Emit<std::string_view, std::uint8_t>(bench.session, Stored::as_value)("k", 7);
  EXPECT_EQ("\x07\0\0\0\0\0\0\0"s, bench.taken().value);
  Emit<std::string_view, double>(bench.session, Stored::as_value)("k", 1.0);
  EXPECT_EQ("\0\0\0\0\0\0\xF0\x3F"s, bench.taken().value);
  Emit<std::string_view, float>(bench.session, Stored::as_value)("k", 1.0f);
  EXPECT_EQ("\0\0\0\0\0\0\xF0\x3F"s, bench.taken().value);
  Emit<std::string_view, bool>(bench.session, Stored::as_value)("k", true);
  EXPECT_EQ("\x01"s, bench.taken().value);
  Emit<std::string_view, mrun::File>(bench.session, Stored::as_value)("k", mrun::File{258});
  EXPECT_EQ("\x02\x01\0\0"s, bench.taken().value);
  Emit<std::string_view, None>(bench.session, Stored::as_value)("k");
  EXPECT_EQ(""s, bench.taken().value);
  Emit<std::string_view, None>(bench.session, Stored::count)("k");
  EXPECT_EQ("\x01\0\0\0\0\0\0\0"s, bench.taken().value);
}

TEST(Emit, GivesBackRandomPairsInOrder) {
  std::mt19937_64 random(sdk_test::seed());
  const std::string input = sdk_test::random_text(random, 3000, std::string_view("ab\0\xFF", 4));
  for (int round = 0; round < 60; ++round) {
    Bench bench(1 + static_cast<std::uint32_t>(random() % 9), 16 + random() % 200);
    if (round % 2 != 0) bench.collector.offer(std::string_view(input).substr(0, 1500));
    Emit<std::string_view, std::string_view> out(bench.session, Stored::as_value);
    std::vector<mrun::test::Pair> expected;
    for (int i = 0; i < 200; ++i) {
      const std::string_view text = input;
      const std::string_view key = text.substr(random() % 2900, random() % (i % 3 == 0 ? 100 : 40));
      const std::string_view value = text.substr(random() % 2900, random() % 3 * 9 + random() % 9);
      // Half of the keys lie in memory of exactly their size, so that a sanitizer sees reads
      // behind.
      const std::vector<char> own(key.begin(), key.end());
      out(i % 2 != 0 ? key : std::string_view(own.data(), own.size()), value);
      expected.push_back({std::string(key), std::string(value)});
    }
    ASSERT_EQ(MRUN_OK, bench.collector.take()) << bench.collector.broken;
    ASSERT_EQ(expected.size(), bench.collector.pairs.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(expected[i].key, bench.collector.pairs[i].key) << "seed " << sdk_test::seed();
      ASSERT_EQ(expected[i].value, bench.collector.pairs[i].value) << "seed " << sdk_test::seed();
    }
  }
}

TEST(Emit, EncodesTupleKeys) {
  Bench bench;
  using Key = std::tuple<std::string_view, std::uint64_t>;
  Emit<Key, None> out(bench.session, Stored::as_value);
  out(Key{"word", 1});
  EXPECT_EQ(std::string("word\0\1\0\0\0\0\0\0\0\1", 14), bench.taken().key);
  out(Key{kLongKey, 1});
  EXPECT_EQ(kLongKey + std::string("\0\1\0\0\0\0\0\0\0\1", 10), bench.taken().key);
}

}  // namespace
