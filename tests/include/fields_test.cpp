// The helpers that take lines apart.
#include "mrun/fields.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "include/guarded_pages.hpp"
#include "include/random_bytes.hpp"
#include "mrun/lines.hpp"
#include "mrun/row.hpp"

namespace {

std::vector<std::string> all_fields(std::string_view line, char separator = '\t') {
  std::vector<std::string> found;
  for (const std::string_view field : mrun::fields{line, separator}) found.emplace_back(field);
  return found;
}

TEST(Fields, AreOneMoreThanTheSeparators) {
  EXPECT_EQ((std::vector<std::string>{"a", "b", "c"}), all_fields("a\tb\tc"));
  EXPECT_EQ((std::vector<std::string>{"", "", ""}), all_fields("\t\t"));
  EXPECT_EQ((std::vector<std::string>{""}), all_fields(""));
  EXPECT_EQ((std::vector<std::string>{"a b", "c"}), all_fields("a b,c", ','));
}

TEST(Fields, DropTheCrAtTheEndOnly) {
  EXPECT_EQ((std::vector<std::string>{"a\r", "b"}), all_fields("a\r\tb\r"));
  EXPECT_EQ("b", mrun::split2("a\tb\r").second);
  EXPECT_EQ("a", mrun::split2("a\r").first);
  EXPECT_EQ("\r", mrun::trim_cr("\r\r"));
}

TEST(Fields, AreFoundByIndex) {
  const mrun::fields line{"a\tb\tc"};
  EXPECT_EQ("a", line[0]);
  EXPECT_EQ("c", line[2]);
  EXPECT_EQ("", line[3]);
  EXPECT_EQ(3u, line.size());
  EXPECT_EQ(1u, mrun::fields{""}.size());
}

TEST(Parse, TakesWholeFieldsOnly) {
  EXPECT_EQ(-12, mrun::parse<int>("-12"));
  EXPECT_EQ(2.5, mrun::parse<double>("2.5"));
  for (const char* const text : {"", " 1", "1 ", "1.5", "x", "4294967296"})
    EXPECT_FALSE(mrun::parse<std::uint32_t>(text)) << text;
  for (const char* const text : {"", "1.5.", "x"}) EXPECT_FALSE(mrun::parse<double>(text)) << text;
}

std::vector<std::string> row_fields(std::string_view record, char separator, bool quoted) {
  mrun::Row row(separator, quoted);
  row.split(record);
  std::vector<std::string> found;
  for (std::size_t i = 0; i < row.size(); ++i) found.emplace_back(row[i]);
  return found;
}

TEST(Row, TakesQuotedFieldsApart) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ((Texts{"a", "b,c", "d\"e", ""}), row_fields("a,\"b,c\",\"d\"\"e\",\r", ',', true));
  EXPECT_EQ((Texts{"5\" pipe", "x\"\"y"}), row_fields("5\" pipe,x\"\"y", ',', true));
  EXPECT_EQ((Texts{"ab\"c", "d"}), row_fields("\"a\"b\"c,d", ',', true))
      << "behind the closing one";
  EXPECT_EQ((Texts{"open, still"}), row_fields("\"open, still", ',', true));
  EXPECT_EQ((Texts{"\"a", "b\""}), row_fields("\"a,b\"", ',', false));
  EXPECT_EQ((Texts{""}), row_fields("", '\t', true));
  EXPECT_EQ((Texts{"", ""}), row_fields("\"\",", ',', true));
  mrun::Row row;
  row.split("a\tb\tc", 2);
  EXPECT_EQ(2u, row.size());
  EXPECT_EQ("", row[7]);
}

// Goal: separators are found 64 bytes at a time, at any place and up to the end of readable memory.
// Method: random records of all lengths, ended at and before a guard, against a byte loop.
TEST(Row, FindsWhatAByteLoopFinds) {
  SCOPED_TRACE("--gtest_random_seed=" + std::to_string(sdk_test::seed()));
  std::mt19937_64 random(sdk_test::seed());
  const sdk_test::GuardedPages pages;
  mrun::Row row(',');
  for (std::size_t i = 0; i < 20000; ++i) {
    const std::string text =
        sdk_test::random_text(random, random() % 200, random() % 2 == 0 ? "a," : "abcdefgh\xAC\r,");
    std::vector<std::string> expected(1);
    const std::string_view without_cr = mrun::trim_cr(text);
    for (const char c : without_cr) {
      if (c == ',')
        expected.emplace_back();
      else
        expected.back().push_back(c);
    }
    const std::size_t most = random() % 3 == 0 ? random() % 10 : SIZE_MAX;
    if (expected.size() > most) expected.resize(most);
    row.split(pages.place(text, random() % 70), most);
    std::vector<std::string> found;
    for (std::size_t at = 0; at < row.size(); ++at) found.emplace_back(row[at]);
    ASSERT_EQ(expected, found) << text;
    ASSERT_EQ("", row[row.size()]);
  }
}

// Goal: the rows of a chunk are those of its lines, and each is said to be at hand when it is used.
// Method: random chunks of all shapes, ended at and before a guard, against `split` of each line.
TEST(Row, TakesAChunkApartAsItsLines) {
  SCOPED_TRACE("--gtest_random_seed=" + std::to_string(sdk_test::seed()));
  std::mt19937_64 random(sdk_test::seed());
  const sdk_test::GuardedPages pages;
  const char* const alphabets[] = {"ab,\n", "abcdefghijklmnopqrst,\r\n", "a,\r\n", "\n", ",\"\nab"};
  for (std::size_t i = 0; i < 20000; ++i) {
    const std::string text =
        sdk_test::random_text(random, random() % 400, alphabets[random() % std::size(alphabets)]);
    const char separator = random() % 10 == 0 ? "\r\n"[random() % 2] : ',';
    const bool quoted = random() % 4 == 0;
    mrun::Row row(separator, quoted), expected(separator, quoted);
    const std::size_t most = random() % 2 == 0 ? random() % 6 : SIZE_MAX;
    const std::uint8_t* at = nullptr;
    mrun::Chunk chunk;
    chunk.text = pages.place(text, random() % 70);
    chunk.is_record = random() % 10 == 0;
    chunk.at = &at;
    auto line = mrun::lines{chunk}.begin();
    row.each(chunk, most, [&](std::string_view found) {
      ASSERT_FALSE(line == std::default_sentinel) << text;
      ASSERT_EQ((*line).data(), found.data());
      ASSERT_EQ(*line, found);
      ASSERT_EQ(reinterpret_cast<const std::uint8_t*>(found.data()), at);
      expected.split(found, most);
      ASSERT_EQ(expected.size(), row.size()) << text;
      for (std::size_t field = 0; field < row.size(); ++field)
        ASSERT_EQ(expected[field], row[field]) << text;
      ++line;
    });
    ASSERT_TRUE(line == std::default_sentinel) << text;
    if (HasFatalFailure()) return;
  }
}

std::vector<std::string> all_lines(const mrun::lines& range) {
  std::vector<std::string> found;
  for (const std::string_view line : range) found.emplace_back(line);
  return found;
}

TEST(Lines, EndWithTheirNewlinesAndTheLastOnePerhapsWithout) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ((Texts{}), all_lines(mrun::lines{""}));
  EXPECT_EQ((Texts{""}), all_lines(mrun::lines{"\n"}));
  EXPECT_EQ((Texts{"a", "", "b\r"}), all_lines(mrun::lines{"a\n\nb\r\n"}));
  EXPECT_EQ((Texts{"a", "b"}), all_lines(mrun::lines{"a\nb"}));
  mrun::Chunk chunk;
  chunk.text = "a\nb\n";
  EXPECT_EQ((Texts{"a", "b"}), all_lines(mrun::lines{chunk}));
  chunk.is_record = true;
  EXPECT_EQ((Texts{"a\nb\n"}), all_lines(mrun::lines{chunk}));
  chunk.text = {};
  EXPECT_EQ((Texts{""}), all_lines(mrun::lines{chunk}));
}

TEST(Lines, SayWhichOneIsAtHand) {
  const std::uint8_t* at = nullptr;
  mrun::Chunk chunk;
  chunk.text = "a\nbc\n\nd";
  chunk.at = &at;
  std::size_t seen = 0;
  for (const std::string_view line : mrun::lines{chunk}) {
    EXPECT_EQ(reinterpret_cast<const std::uint8_t*>(line.data()), at);
    ++seen;
  }
  EXPECT_EQ(4u, seen);
}

TEST(Split2, CutsAtTheFirstSeparator) {
  EXPECT_EQ("a", mrun::split2("a\tb\tc").first);
  EXPECT_EQ("b\tc", mrun::split2("a\tb\tc").second);
  EXPECT_EQ("abc", mrun::split2("abc").first);
  EXPECT_EQ("", mrun::split2("abc").second);
  EXPECT_EQ("", mrun::split2("\tabc").first);
}

TEST(Parse, TakesWholeNumbersThatFit) {
  EXPECT_EQ(-12, mrun::parse<int>("-12"));
  EXPECT_EQ(255, mrun::parse<std::uint8_t>("255"));
  EXPECT_FALSE(mrun::parse<std::uint8_t>("256"));
  EXPECT_FALSE(mrun::parse<unsigned>("-1"));
  EXPECT_FALSE(mrun::parse<int>("1x"));
  EXPECT_FALSE(mrun::parse<int>(" 1"));
  EXPECT_FALSE(mrun::parse<int>(""));
}

}  // namespace
