// P19: keys are ordered by bytes.
//
// Method: encode pairs of random and extreme values; the order of the bytes must be the order of
// the values, decoding must give the value back, and no key's group prefix may be the start of
// another's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "include/random_bytes.hpp"
#include "mrun/codec.hpp"
#include "mrun/short_key.hpp"

namespace {

using mrun::Desc;
using mrun::File;
using mrun::None;
using mrun::detail::Buffer;
using mrun::detail::KeyCodec;

template <typename K>
std::string encoded(const K& key) {
  std::string bytes(KeyCodec<K>::max_size(key), '\xAA');
  auto* const begin = reinterpret_cast<std::uint8_t*>(bytes.data());
  bytes.resize(static_cast<std::size_t>(KeyCodec<K>::put(begin, key) - begin));
  return bytes;
}

mrun_slice slice(const std::string& bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

template <typename K>
K decoded(const std::string& bytes) {
  Buffer scratch;
  return KeyCodec<K>::get(slice(bytes), scratch);
}

int sign(bool less, bool greater) { return less ? -1 : greater ? 1 : 0; }

template <typename T>
int order(const T& a, const T& b) {
  return sign(a < b, b < a);
}
int order(None, None) { return 0; }
int order(double a, double b) {  // NaN last
  if (std::isnan(a) || std::isnan(b)) return order(std::isnan(a), std::isnan(b));
  return sign(a < b, b < a);
}
template <typename T>
int order(const Desc<T>& a, const Desc<T>& b) {
  return order(b.value, a.value);
}
template <typename A, typename B>
int order(const std::tuple<A, B>& a, const std::tuple<A, B>& b) {
  const int first = order(std::get<0>(a), std::get<0>(b));
  return first != 0 ? first : order(std::get<1>(a), std::get<1>(b));
}
template <typename A, typename B, typename C>
int order(const std::tuple<A, B, C>& a, const std::tuple<A, B, C>& b) {
  const int first = order(std::get<0>(a), std::get<0>(b));
  if (first != 0) return first;
  const int second = order(std::get<1>(a), std::get<1>(b));
  return second != 0 ? second : order(std::get<2>(a), std::get<2>(b));
}

/// A random value of type T, often an extreme or a close relative of another.
template <typename T>
struct Some;
template <>
struct Some<std::string> {
  static std::string value(std::mt19937_64& random) {
    using namespace std::string_view_literals;
    // Some fill a short key, and some have no byte that is escaped.
    const std::size_t size = random() % (random() % 4 == 0 ? 24 : 6);
    return sdk_test::random_text(random, size,
                                 random() % 2 == 0 ? "\0\x01\xFF\xFE\x61"sv : "\x01\x61\xFF"sv);
  }
};
template <typename T>
requires std::integral<T>
struct Some<T> {
  static T value(std::mt19937_64& random) {
    using L = std::numeric_limits<T>;
    const T extremes[] = {T(0), T(1), T(-1), L::min(), L::max(), T(L::max() - 1), T(L::min() + 1)};
    const std::uint64_t choice = random() % 12;
    return choice < 7 ? extremes[choice] : static_cast<T>(random());
  }
};
template <>
struct Some<bool> {
  static bool value(std::mt19937_64& random) { return random() % 2 != 0; }
};
template <>
struct Some<double> {
  static double value(std::mt19937_64& random) {
    using L = std::numeric_limits<double>;
    const double extremes[] = {0.0,
                               -0.0,
                               1.0,
                               -1.0,
                               L::max(),
                               -L::max(),
                               L::min(),
                               -L::min(),
                               L::infinity(),
                               -L::infinity(),
                               L::denorm_min(),
                               -L::denorm_min(),
                               L::quiet_NaN(),
                               -L::quiet_NaN()};
    const std::uint64_t choice = random() % 24;
    return choice < 14 ? extremes[choice] : std::bit_cast<double>(random());
  }
};
template <>
struct Some<File> {
  static File value(std::mt19937_64& random) {
    return {static_cast<std::uint32_t>(random() % 300)};
  }
};
template <>
struct Some<None> {
  static None value(std::mt19937_64&) { return {}; }
};
template <typename T>
struct Some<Desc<T>> {
  static Desc<T> value(std::mt19937_64& random) { return {Some<T>::value(random)}; }
};
template <typename... T>
struct Some<std::tuple<T...>> {
  static std::tuple<T...> value(std::mt19937_64& random) { return {Some<T>::value(random)...}; }
};

template <typename K>
class KeyCodecOf : public testing::Test {};
using Keys = testing::Types<
    std::string, std::uint64_t, std::int64_t, std::int32_t, std::uint8_t, double, bool, File, None,
    Desc<std::string>, Desc<std::int64_t>, Desc<std::uint64_t>, Desc<double>, Desc<bool>,
    Desc<File>, std::tuple<std::string, std::string>, std::tuple<std::string, Desc<std::string>>,
    std::tuple<Desc<std::string>, std::string>, std::tuple<std::string, std::int64_t>,
    std::tuple<std::int64_t, std::string, Desc<double>>, std::tuple<std::string, bool, std::string>,
    std::tuple<double, File, Desc<std::string>>>;
TYPED_TEST_SUITE(KeyCodecOf, Keys);

TYPED_TEST(KeyCodecOf, OrdersBytesAsValuesAndGivesThemBack) {
  std::mt19937_64 random(sdk_test::seed());
  for (int i = 0; i < 20000; ++i) {
    const TypeParam a = Some<TypeParam>::value(random);
    const TypeParam b = Some<TypeParam>::value(random);
    const std::string bytes_a = encoded(a);
    const std::string bytes_b = encoded(b);
    ASSERT_EQ(order(a, b), sign(bytes_a < bytes_b, bytes_b < bytes_a))
        << "seed " << sdk_test::seed() << ", round " << i << ": " << testing::PrintToString(bytes_a)
        << " and " << testing::PrintToString(bytes_b);
    ASSERT_EQ(0, order(a, decoded<TypeParam>(bytes_a))) << "seed " << sdk_test::seed();
  }
}

// Goal: a key that is put together in registers is the one that is written to memory, wherever it
// fits and needs no escape.
TYPED_TEST(KeyCodecOf, PutsShortKeysTogether) {
  std::mt19937_64 random(sdk_test::seed());
  int fitting = 0;
  for (int i = 0; i < 20000; ++i) {
    const TypeParam key = Some<TypeParam>::value(random);
    const std::string bytes = encoded(key);
    mrun::detail::ShortKey short_key;
    if (!put_short(short_key, key)) {
      ASSERT_TRUE(bytes.size() > 16 || bytes.find('\0') != std::string::npos ||
                  bytes.find('\xFF') != std::string::npos)
          << testing::PrintToString(bytes);
      continue;
    }
    ++fitting;
    std::string padded = bytes;
    ASSERT_LE(bytes.size(), 16u);
    padded.resize(16, '\0');
    const auto* const words = reinterpret_cast<const std::uint8_t*>(padded.data());
    ASSERT_EQ(bytes.size(), short_key.size()) << testing::PrintToString(bytes);
    ASSERT_EQ(mrun::detail::load_big(words), short_key.head().k0) << testing::PrintToString(bytes);
    ASSERT_EQ(mrun::detail::load_big(words + 8), short_key.head().k1)
        << testing::PrintToString(bytes);
  }
  if (encoded(TypeParam{}).size() <= 16) {
    EXPECT_GT(fitting, 1000);
  }
}

TYPED_TEST(KeyCodecOf, HasGroupPrefixesThatNeverBeginOneAnother) {
  if constexpr (KeyCodec<TypeParam>::kFields > 1) {
    std::mt19937_64 random(sdk_test::seed());
    for (int i = 0; i < 20000; ++i) {
      const std::string a = encoded(Some<TypeParam>::value(random));
      const std::string b = encoded(Some<TypeParam>::value(random));
      const std::string prefix_a = a.substr(0, KeyCodec<TypeParam>::prefix_size(slice(a), 1));
      const std::string prefix_b = b.substr(0, KeyCodec<TypeParam>::prefix_size(slice(b), 1));
      if (prefix_a != prefix_b) {
        ASSERT_FALSE(prefix_a.starts_with(prefix_b) || prefix_b.starts_with(prefix_a))
            << "seed " << sdk_test::seed();
      }
      ASSERT_EQ(prefix_a == prefix_b,
                order(std::get<0>(decoded<TypeParam>(a)), std::get<0>(decoded<TypeParam>(b))) == 0);
      ASSERT_EQ(a.size(), KeyCodec<TypeParam>::prefix_size(slice(a), KeyCodec<TypeParam>::kFields));
    }
  }
}

TYPED_TEST(KeyCodecOf, NeverReadsPastACutKey) {
  std::mt19937_64 random(sdk_test::seed());
  for (int i = 0; i < 500; ++i) {
    const std::string whole = encoded(Some<TypeParam>::value(random));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // In memory of exactly its size, so that a sanitizer sees a read behind it.
      const std::vector<std::uint8_t> cut(whole.begin(),
                                          whole.begin() + static_cast<std::ptrdiff_t>(size));
      const mrun_slice bytes{cut.data(), cut.size()};
      Buffer scratch;
      try {
        static_cast<void>(KeyCodec<TypeParam>::get(bytes, scratch));
      } catch (const std::runtime_error&) {
        EXPECT_LE(KeyCodec<TypeParam>::prefix_size(bytes, 1), size);
      }
    }
  }
}

TEST(KeyCodec, HasTheEncodingsOfTheContract) {
  using namespace std::string_literals;
  EXPECT_EQ("\0\0\0\0\0\0\x01\x02"s, encoded(std::uint64_t{0x102}));
  EXPECT_EQ("\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, encoded(std::int64_t{-1}));
  EXPECT_EQ("\xBF\xF0\0\0\0\0\0\0"s, encoded(1.0));
  EXPECT_EQ("\x40\x0F\xFF\xFF\xFF\xFF\xFF\xFF"s, encoded(-1.0));
  EXPECT_EQ("\x80\0\0\0\0\0\0\0"s, encoded(-0.0));
  EXPECT_EQ("\xFF\xF8\0\0\0\0\0\0"s, encoded(-std::numeric_limits<double>::quiet_NaN()));
  EXPECT_EQ("\x01"s, encoded(true));
  EXPECT_EQ("\0\0\x01\0"s, encoded(File{256}));
  EXPECT_EQ("a\0b"s, encoded("a\0b"s));
  EXPECT_EQ(""s, encoded(None{}));
  EXPECT_EQ("a\0\xFF\x62\0\x01\x01"s, encoded(std::tuple{"a\0b"s, true}));
  EXPECT_EQ("\x9E\xFF\0\x9D\xFF\xFE"s, encoded(Desc{"a\0b"s}));
  EXPECT_EQ("\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFE"s, encoded(Desc{std::int64_t{1}}));
}

TEST(KeyCodec, DecodesViewsOfEscapedFields) {
  using namespace std::string_literals;
  using Key = std::tuple<std::string_view, Desc<std::string_view>, std::string_view>;
  const std::string bytes = encoded(Key{"a\0b"s, {"c\0"s}, "d\0"s});
  Buffer scratch;
  EXPECT_EQ((Key{"a\0b"s, {"c\0"s}, "d\0"s}), KeyCodec<Key>::get(slice(bytes), scratch));
}

TEST(KeyCodec, TakesAPairAsATupleOfTwo) {
  using Pair = std::pair<std::int64_t, std::string>;
  const Pair pair{-5, "x"};
  EXPECT_EQ(encoded(std::tuple<std::int64_t, std::string>{-5, "x"}), encoded(pair));
  EXPECT_EQ(pair, decoded<Pair>(encoded(pair)));
}

}  // namespace
