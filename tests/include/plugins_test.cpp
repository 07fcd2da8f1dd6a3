// The shipped jobs in the test kit.
#define MRUN_NO_ENTRY
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "include/random_bytes.hpp"
#include "mrun/test.hpp"
#include "plugins/grep.cpp"
#include "plugins/sort.cpp"
#include "plugins/wordcount.cpp"

namespace {

// A name of its own, for GoogleTest's tests have a member Run.
template <typename J>
using JobRun = mrun::test::Run<J>;

TEST(WordCountJob, CountsWordsOfAllKindsOfLines) {
  JobRun<WordCount> run;
  run.input("a b a\n\n  \t c\r\nb\r\n a word of more than sixteen letters:abcdefghijklmnopq")
      .input("abcdefghijklmnopq\n");
  EXPECT_EQ(
      "a\t3\nabcdefghijklmnopq\t1\nb\t2\nc\t1\nletters:abcdefghijklmnopq\t1\nmore\t1\nof\t1\n"
      "sixteen\t1\nthan\t1\nword\t1\n",
      run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

TEST(WordCountJob, DoesNotJoinWordsAcrossFixedRecords) {
  EXPECT_EQ("ab\t2\ncd\t1\n", JobRun<WordCount>().input("ababcd").fixed_records(2).output());
}

TEST(SortJob, SortsLinesLikeCoreutils) {
  JobRun<Sort> run;
  run.input("b\na\n\nB\na\n\xFF\nab").input("a line of more than sixteen bytes\na\r\n");
  EXPECT_EQ("\nB\na\na\na\r\na line of more than sixteen bytes\nab\nb\n\xFF\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

TEST(SortJob, GivesFixedRecordsBackWithoutSeparators) {
  EXPECT_EQ("\nbaacc", JobRun<Sort>().input("cc\nbaa").fixed_records(2).output());
}

TEST(GrepJob, WritesEachMatchingLineOnceInOrder) {
  JobRun<Grep> run;
  run.param("pattern", "b").input("abb\nxyz\n\nb\nbob").input("no\nb");
  EXPECT_EQ("abb\nb\nbob\nb\n", run.output());
  EXPECT_EQ(4, run.counter("hits"));
  EXPECT_EQ("", run.difference_between_ways());
}

TEST(GrepJob, WritesTheOtherLinesWhereInverted) {
  JobRun<Grep> run;
  run.param("pattern", "b").param("invert", "true").input("abb\nxyz\n\nb\nbob").input("no\nb");
  EXPECT_EQ("xyz\n\nno\n", run.output());
  EXPECT_EQ(3, run.counter("hits"));
  EXPECT_EQ("", run.difference_between_ways());
}

TEST(GrepJob, NeverMatchesAcrossLines) {
  for (const char* const pattern :
       {"a\\s*b", "a[^x]*b", "a(.|\\n)b", "(?s)a.b", "a\nb", "\\n", "[\\n]", "a\\n?$"}) {
    JobRun<Grep> run;
    run.param("pattern", pattern).input("a\nb\na\n\nb\nx\n");
    EXPECT_EQ(std::string(pattern) == "a\\n?$" ? "a\na\n" : "", run.output()) << pattern;
    EXPECT_EQ("", run.difference_between_ways()) << pattern;
  }
}

TEST(GrepJob, TakesFixedRecordsWhole) {
  JobRun<Grep> run;
  run.param("pattern", "^b|c$").input("a\nbcxcb\nx").fixed_records(3);
  EXPECT_EQ("cxc\nb\nx\n", run.output());
}

TEST(GrepJob, SaysWhatIsWrongWithAPattern) {
  JobRun<Grep> run;
  run.param("pattern", "(").input("a\n");
  EXPECT_EQ(MRUN_BAD_CONFIG, run.status());
  EXPECT_NE(std::string::npos, run.error().find("missing )")) << run.error();
}

/// The lines of `text` in which `pattern` matches, one line at a time.
std::string naive_grep(const std::string& text, const std::string& pattern, bool invert) {
  const RE2 expression(pattern, Grep::Shared::options(pattern));
  std::string found;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    if (RE2::PartialMatch(line, expression) != invert) found += line + "\n";
    at = end + 1;
  }
  return found;
}

TEST(GrepJob, EqualsASearchLineByLine) {
  std::mt19937_64 random(sdk_test::seed());
  const std::vector<std::string> patterns = {
      "a",        "^a",        "a$",     "^$",          "^",      "$",       "",      "a.b",
      "a*",       "(a|b)c",    "\\ba",   "a\\b",        "\\Aa",   "a\\z",    "[^a]",  "\\s$",
      "\xC3\xA9", "\\xFF",     ".{3}",   "a\\C",        "(?m)^a", "(?-m)a$", "\\x00", "^\\W+$",
      "(?i)A",    "\\w+ \\w+", "b+\r?$", "[[:space:]]", "$^",     "\\B",     "^\\B",  "a$|\\Ab",
      "(?s)a.",   "(?i-s:A.)", "\\pL",   "c$|^b"};
  for (int round = 0; round < 40; ++round) {
    const std::string text = sdk_test::random_text(
        random, random() % 120, std::string_view("aabbc\n\n \r\xC3\xA9\xFF\0", 13));
    for (const std::string& pattern : patterns) {
      for (const bool invert : {false, true}) {
        JobRun<Grep> run;
        run.param("pattern", pattern).param("invert", invert ? "true" : "false").input(text);
        ASSERT_EQ(naive_grep(text, pattern, invert), run.output())
            << "seed " << sdk_test::seed() << ", pattern " << pattern << ", text "
            << testing::PrintToString(text);
      }
    }
  }
}

}  // namespace
