// Goal: a key that was printed is read back as the bytes it was printed from, and what is no key is
// refused. Method: random types and fields, as for the formatter; fixed cases for the borders.
#include "output/key_text.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "output/field_samples.hpp"

namespace mrun {
namespace {

using namespace test_support;
using std::string_literals::operator""s;

constexpr FieldType kTypes[] = {FieldType::none, FieldType::bytes,   FieldType::i64, FieldType::u64,
                                FieldType::f64,  FieldType::boolean, FieldType::file};
constexpr Field kBytes{FieldType::bytes, false}, kDown{FieldType::bytes, true};
constexpr Field kNumber{FieldType::u64, false};

std::string read(const KeyReader& reader, const std::string& text) {
  const auto keys = reader.read(text);
  if (!keys) return "(" + keys.error().message + ")";
  EXPECT_EQ(keys->size(), 1u);
  return keys->front().bytes;
}
std::string prefix(const KeyReader& reader, const std::string& text) {
  const auto prefixes = reader.read_prefix(text);
  if (!prefixes) return "(" + prefixes.error().message + ")";
  EXPECT_EQ(prefixes->size(), 1u);
  return prefixes->front();
}

TEST(KeyReader, ReadsWhatTheFormatterPrints) {
  constexpr std::uint64_t kSeed = 5150;
  int read_back = 0;
  for (std::uint64_t round = 0; round < 20'000; ++round) {
    SCOPED_TRACE(fmt::format("seed {} round {}", kSeed, round));
    Samples samples(kSeed + round);
    std::vector<Field> fields(samples.below(5));
    std::size_t last_printed = 0;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      fields[i] = {kTypes[samples.below(7)], samples.below(3) == 0};
      if (fields[i].type != FieldType::none) last_printed = i;
    }
    std::string key, text;
    bool has_tab = false;  // In a field that does not take the rest.
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const Sample one = key_of(samples, {fields[i]});
      if (i < last_printed && one.text.find('\t') != std::string::npos) has_tab = true;
      if (fields[i].type == FieldType::none) continue;
      text += (text.empty() && key.empty() ? "" : "\t") + one.text;
      // An inner field of bytes is escaped.
      const bool is_raw = fields[i].type == FieldType::bytes && !fields[i].descending;
      key += is_raw && i + 1 < fields.size() ? sample_bytes(one.text).key : one.key;
    }
    if (has_tab) continue;
    const KeyReader reader(fields, kNames);
    const auto found = reader.read(text);
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), 1u);
    ASSERT_EQ(found->front().bytes, key);
    ASSERT_TRUE(found->front().is_whole);
    ++read_back;
  }
  EXPECT_GT(read_back, 10'000);
}

TEST(KeyReader, TakesLeadingFieldsForThePrefixOfAllTheirKeys) {
  const KeyReader reader({kBytes, kNumber, kBytes}, {});
  const auto keys = reader.read("a\t1");
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 1u);
  EXPECT_FALSE(keys->front().is_whole);
  EXPECT_EQ(keys->front().bytes, "a\0\1\0\0\0\0\0\0\0\1"s);
  EXPECT_EQ(read(reader, "a"), "a\0\1"s);
  EXPECT_EQ(read(reader, "a\t1\tb\tc"), "a\0\1\0\0\0\0\0\0\0\1b\tc"s);
}

TEST(KeyReader, OpensTheLastFieldOfBytesOfAPrefix) {
  const KeyReader words({kBytes}, {}), pairs({kBytes, kNumber}, {}), down({kDown}, {});
  EXPECT_EQ(prefix(words, "ab"), "ab");
  EXPECT_EQ(prefix(words, ""), "");
  EXPECT_EQ(prefix(pairs, "ab"), "ab");
  EXPECT_EQ(prefix(pairs, "a\0b"s),
            "a\0\xFF"
            "b"s);
  EXPECT_EQ(prefix(pairs, "ab\t"), "ab\0\1"s);
  EXPECT_EQ(prefix(pairs, "ab\t7"), "ab\0\1\0\0\0\0\0\0\0\7"s);
  EXPECT_EQ(prefix(down, "a"), "\x9E");
  EXPECT_EQ(read(down, "a"), "\x9E\xFF\xFE");
}

TEST(KeyReader, NormalisesDoublesAsTheCodecDoes) {
  const KeyReader reader({{FieldType::f64, false}}, {});
  EXPECT_EQ(read(reader, "-0"), read(reader, "0"));
  EXPECT_EQ(read(reader, "-nan"), read(reader, "nan"));
  EXPECT_EQ(read(reader, "1e2"), read(reader, "100"));
}

TEST(KeyReader, RefusesWhatIsNoValueOfTheType) {
  const auto refused = [](Field field, const std::string& text) {
    const std::vector<std::string> names = {"a"};
    const auto key = KeyReader({field}, names).read(text);
    return !key && key.error().code == Code::usage;
  };
  for (const std::string text : {"", " 1", "1 ", "+1", "-1", "1.0", "18446744073709551616", "1\t2"})
    EXPECT_TRUE(refused(kNumber, text)) << text;
  for (const std::string text : {"", "9223372036854775808", "-9223372036854775809", "0x1"})
    EXPECT_TRUE(refused({FieldType::i64, false}, text)) << text;
  for (const std::string text : {"", "one", "1e999", "1,5"})
    EXPECT_TRUE(refused({FieldType::f64, false}, text)) << text;
  for (const std::string text : {"", "True", "1"})
    EXPECT_TRUE(refused({FieldType::boolean, false}, text)) << text;
  for (const std::string text : {"", "b", "a/"})
    EXPECT_TRUE(refused({FieldType::file, false}, text)) << text;
  EXPECT_FALSE(refused({FieldType::file, false}, "a"));
  EXPECT_EQ(read(KeyReader({kBytes, kNumber}, {}), "w\tx"),
            "(key 'w\\tx': field 2 must be a whole number from 0 to 2^64 - 1, and is 'x')");
  EXPECT_EQ(read(KeyReader({kNumber}, {}), "1\t2"),
            "(key '1\\t2' has more fields than the 1 of the output's keys)");
}

TEST(KeyReader, TakesANameOfSeveralFilesForAllOfThem) {
  const std::vector<std::string> names = {"a", "b", "a", "a"};
  const Field file{FieldType::file, false}, file_down{FieldType::file, true};
  const auto keys = KeyReader({file, file_down}, names).read("a\ta");
  ASSERT_TRUE(keys);
  std::vector<std::string> found;
  for (const KeyReader::Key& key : *keys) {
    EXPECT_TRUE(key.is_whole);
    EXPECT_EQ(key.has_more, &key != &keys->back());
    found.push_back(key.bytes);
  }
  std::vector<std::string> wanted;
  for (const char first : {'\0', '\2', '\3'})
    for (const char second : {'\xFC', '\xFD', '\xFF'})
      wanted.push_back("\0\0\0"s + first + "\xFF\xFF\xFF" + second);
  EXPECT_EQ(found, wanted);
  EXPECT_EQ(*KeyReader({kBytes, file}, names).read_prefix("w\ta"),
            (std::vector{"w\0\1\0\0\0\0"s, "w\0\1\0\0\0\2"s, "w\0\1\0\0\0\3"s}));
  const std::vector<std::string> many(300, "a");
  EXPECT_EQ(read(KeyReader({file, file}, many), "a\ta"),
            "(key 'a\\ta': so many inputs are named 'a' that it is more than 65536 keys)");
}

TEST(KeyReader, ReadsHexadecimalBytes) {
  const auto hex = [](const std::string& text) {
    const Result<std::string> bytes = KeyReader::read_hex(text);
    return bytes ? *bytes : "(" + bytes.error().message + ")";
  };
  EXPECT_EQ(hex("0x00fFa9"), "\0\xFF\xA9"s);
  EXPECT_EQ(hex("61"), "a");
  EXPECT_EQ(hex(""), "");
  EXPECT_EQ(hex("6"), "(key '6' is not pairs of hexadecimal digits)");
  EXPECT_EQ(hex("6g"), "(key '6g' is not pairs of hexadecimal digits)");
}

}  // namespace
}  // namespace mrun
