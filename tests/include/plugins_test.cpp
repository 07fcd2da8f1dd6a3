// The shipped jobs in the test kit.
#define MRUN_NO_ENTRY
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "include/random_bytes.hpp"
#include "mrun/test.hpp"
#include "plugins/distinct.cpp"
#include "plugins/grep.cpp"
#include "plugins/index.cpp"
#include "plugins/join.cpp"
#include "plugins/sort.cpp"
#include "plugins/sum.cpp"
#include "plugins/top.cpp"
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

TEST(WordCountJob, TakesLettersAndLowerCaseOnDemand) {
  JobRun<WordCount> run;
  run.input("It's an apple, AN APPLE!\nl'\xC3\xA9t\xC3\xA9 1990s");
  run.param("lower", "true");
  EXPECT_EQ("1990s\t1\nan\t2\napple!\t1\napple,\t1\nit's\t1\nl'\xC3\xA9t\xC3\xA9\t1\n",
            run.output());
  run.param("letters", "true");
  EXPECT_EQ("1990s\t1\nan\t2\napple\t2\nit\t1\nl\t1\ns\t1\n\xC3\xA9t\xC3\xA9\t1\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
  EXPECT_EQ("A\t1\na\t1\n", JobRun<WordCount>().param("letters", "true").input("a-A").output());
}

TEST(IndexJob, CountsByWordAndFileInInputOrder) {
  JobRun<Index> run;
  run.file("z.txt", "b a b\n").file("a.txt", "b\n\nc b\n");
  EXPECT_EQ("a\tz.txt\t1\nb\tz.txt\t2\nb\ta.txt\t2\nc\ta.txt\t1\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

TEST(IndexJob, ListsEachLineOnce) {
  JobRun<Index> run;
  run.param("lines", "true").file("z.txt", "b a b\n\nb\n").file("a.txt", "B\nb");
  EXPECT_EQ("B\ta.txt\t1\na\tz.txt\t1\nb\tz.txt\t1\nb\tz.txt\t3\nb\ta.txt\t2\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
  EXPECT_EQ("b\tz.txt\t1\nb\tz.txt\t3\nb\ta.txt\t1\nb\ta.txt\t2\n",
            run.param("lower", "true").output().substr(std::string("a\tz.txt\t1\n").size()));
}

TEST(DistinctJob, WritesEachLineOrFieldOnce) {
  JobRun<Distinct> run;
  run.input("b\t1\na\t2\n\nb\t1\n").input("b\t3\r\n");
  EXPECT_EQ("\na\t2\nb\t1\nb\t3\r\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
  EXPECT_EQ("\na\nb\n", run.param("field", "1").output());
  EXPECT_EQ("\t1\na\t1\nb\t3\n", run.param("count", "true").output());
  EXPECT_EQ("", run.difference_between_ways());
  EXPECT_EQ("1\n2\n", JobRun<Distinct>()
                          .param("field", "2")
                          .param("separator", "comma")
                          .input("x,1\ny,2\nw,1\n")
                          .output());
}

TEST(DistinctJob, FindsFieldsByNameWhereverTheyStand) {
  JobRun<Distinct> run;
  run.param("field", "city").param("header", "true").param("format", "csv");
  run.input("id,city\r\n1,\"Nice, France\"\r\n2,Bonn\r\n")
      .input("city,id\nBonn,3\n\"a \"\"b\"\"\nc\",4\n");
  EXPECT_EQ("Bonn\nNice, France\na \"b\"\nc\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
  run.param("field", "town");
  EXPECT_EQ(MRUN_BAD_RECORD, run.status());
  EXPECT_EQ("its file has no field 'town', the header is 'id,city'", run.error());
  EXPECT_EQ("field '0' does not exist: fields are counted from 1",
            JobRun<Distinct>().param("field", "0").input("a\n").error());
  EXPECT_EQ("field 'x' is no number, and names need -D header",
            JobRun<Distinct>().param("field", "x").input("a\n").error());
}

TEST(SumJob, AddsDecimalsByGroup) {
  JobRun<Sum> run;
  run.param("by", "1")
      .param("sum", "2")
      .input("a\t0.1\nb\t5\na\t0.2\n")
      .input("a\t-0.30\nb\t1e2\r\n");
  EXPECT_EQ("a\t0.00\nb\t105\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
  run.param("count", "true").param("min", "2").param("max", "2").param("mean", "2");
  EXPECT_EQ("a\t3\t0.00\t-0.30\t0.2\t0\nb\t2\t105\t5\t100\t52.5\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

TEST(SumJob, GroupsBySeveralFieldsOrNone) {
  JobRun<Sum> run;
  run.input("a\tx\t1\nab\tx\t2\na\tx\t3\na\ty\t4\n\tx\t5\n");
  EXPECT_EQ("5\n", run.output());
  EXPECT_EQ("15\n", JobRun<Sum>().param("sum", "3").input("a\tx\t15\n").output());
  run.param("by", "2").param("by", "1").param("sum", "3");
  EXPECT_EQ("x\t\t5\nx\ta\t4\nx\tab\t2\ny\ta\t4\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

TEST(SumJob, KeepsFieldsApartThatHoldSeparatorsAndNuls) {
  using namespace std::string_literals;
  JobRun<Sum> run;
  run.param("by", "1").param("by", "2").param("format", "csv");
  run.input("\"a,b\",c\n\"a\",\"b,c\"\na\0,b\na,\0b\n"s);
  EXPECT_EQ("a\tb,c\t1\na\t\0b\t1\na\0\tb\t1\na,b\tc\t1\n"s.size(), run.output().size());
  EXPECT_EQ("a\t\0b\t1\na\tb,c\t1\na\0\tb\t1\na,b\tc\t1\n"s, run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

TEST(SumJob, NamesOrCountsRowsThatItCannotAdd) {
  JobRun<Sum> run;
  run.param("by", "1").param("sum", "2").input("a\t1\na\tx\nb\n");
  EXPECT_EQ(MRUN_BAD_RECORD, run.status());
  EXPECT_EQ(
      "field '2' is 'x', which is no number of up to 35 digits; -D skip-bad leaves such rows out",
      run.error());
  EXPECT_EQ("a\t1\n", run.param("skip-bad", "true").output());
  EXPECT_EQ(2, run.counter("skipped_rows"));
  EXPECT_EQ("it has 1 field, and field 2 is asked for; -D skip-bad leaves such rows out",
            JobRun<Sum>().param("sum", "2").input("b\n").error());
}

TEST(SumJob, SaysNoWhereASumMayNeedMoreThan38Digits) {
  const std::string large(35, '9');
  std::string text;
  for (int i = 0; i < 3000; ++i) text += large + "\n";
  JobRun<Sum> run;
  run.param("sum", "1").input(text);
  EXPECT_EQ(MRUN_FAIL, run.status());
  EXPECT_EQ("the sum of field '1' may need more than 38 digits", run.error());
}

JobRun<Join> join(const std::string& kind) {
  JobRun<Join> run;
  run.param("kind", kind);
  run.input_of("right", "b\tR1\nc\tR2\n")
      .input_of("left", "a\tL1\nb\tL2\nb\tL3\r\n")
      .input_of("right", "b\tR3\n");
  return run;
}

TEST(JoinJob, WritesEveryPairInInputOrder) {
  JobRun<Join> run = join("inner");
  EXPECT_EQ("b\tL2\tb\tR1\nb\tL3\tb\tR1\nb\tL2\tb\tR3\nb\tL3\tb\tR3\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

TEST(JoinJob, WritesLeftRowsWithoutARightOneOnDemand) {
  JobRun<Join> left = join("left");
  EXPECT_EQ("a\tL1\nb\tL2\tb\tR1\nb\tL3\tb\tR1\nb\tL2\tb\tR3\nb\tL3\tb\tR3\n", left.output());
  EXPECT_EQ("", left.difference_between_ways());
  JobRun<Join> anti = join("anti");
  EXPECT_EQ("a\tL1\n", anti.output());
  EXPECT_EQ("", anti.difference_between_ways());
}

TEST(JoinJob, TakesDifferentFieldsAndCsv) {
  JobRun<Join> run;
  run.param("format", "csv")
      .param("header", "true")
      .param("field", "id")
      .param("right-field", "owner");
  run.input_of("left", "name,id\nAnn,1\n\"B, C\",2\n")
      .input_of("right", "owner,pet\n2,cat\n2,\"d\nog\"\n");
  EXPECT_EQ("\"B, C\",2,2,cat\n\"B, C\",2,2,\"d\nog\"\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

TEST(DistinctJob, RefusesASeparatorOfSeveralBytes) {
  JobRun<Distinct> run;
  run.param("separator", "::").input("a\n");
  EXPECT_EQ(MRUN_BAD_CONFIG, run.status());
  EXPECT_NE(std::string::npos, run.error().find("parameter separator: '::'")) << run.error();
}

TEST(TopJob, WritesTheLargestNumbersFirstAndEqualOnesByBytes) {
  JobRun<Top> run;
  run.input("3\tc\n10\ta\n-5\tx\n").input("3.0\tb\n1e1\tz\n3\tc\r\n");
  EXPECT_EQ("10\ta\n1e1\tz\n3\tc\n3\tc\r\n3.0\tb\n-5\tx\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
  EXPECT_EQ("10\ta\n1e1\tz\n3\tc\n", run.param("k", "3").output());
  EXPECT_EQ("", run.difference_between_ways());
  EXPECT_EQ("", run.param("k", "0").output());
}

TEST(TopJob, WritesARecordAsOftenAsItOccurs) {
  JobRun<Top> run;
  run.param("k", "4").input("5\n7\n5\n5\n7\n1\n");
  EXPECT_EQ("7\n7\n5\n5\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

TEST(TopJob, NamesOrCountsWhatIsNoNumber) {
  JobRun<Top> run;
  run.param("field", "2").input("a\t1\nb\tx\nc\n");
  EXPECT_EQ(MRUN_BAD_RECORD, run.status());
  EXPECT_EQ(
      "field '2' is 'x', which is no number of up to 35 digits; -D skip-bad leaves such records "
      "out",
      run.error());
  EXPECT_EQ("a\t1\n", run.param("skip-bad", "true").output());
  EXPECT_EQ(2, run.counter("skipped_records"));
}

TEST(SortJob, SortsByARangeOfBytesAndKeepsInputOrder) {
  JobRun<Sort> run;
  run.param("bytes", "3-4").input("1 bb\n2 aa\n3 b\n4\n5 bbx\n").input("0 aa\n");
  EXPECT_EQ("4\n2 aa\n0 aa\n3 b\n1 bb\n5 bbx\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
  EXPECT_EQ("xa1yb0", JobRun<Sort>().param("bytes", "2").input("yb0xa1").fixed_records(3).output());
  EXPECT_EQ("b\nab\nabc\n", JobRun<Sort>().param("bytes", "2-").input("ab\nabc\nb\n").output());
  for (const char* const range : {"0", "0-3", "4-3", "-3", "a", "3-x", "3--4", "3-4x", "-"})
    EXPECT_EQ(MRUN_BAD_CONFIG, JobRun<Sort>().param("bytes", range).input("a\n").status()) << range;
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

TEST(GrepJob, AddsTheFileAndTheLineOnDemand) {
  JobRun<Grep> run;
  run.param("pattern", "b").file("one", "abb\nxyz\n\nb\nbob").file("two", "no\nB\nb");
  EXPECT_EQ("one\tabb\none\tb\none\tbob\ntwo\tb\n", run.param("name", "true").output());
  EXPECT_EQ("one\t1\tabb\none\t4\tb\none\t5\tbob\ntwo\t3\tb\n", run.param("line", "true").output());
  EXPECT_EQ("", run.difference_between_ways());
  EXPECT_EQ("1\tabb\n4\tb\n5\tbob\n2\tB\n3\tb\n",
            run.param("name", "false").param("ignore-case", "true").output());
  EXPECT_EQ("2\txyz\n3\t\n1\tno\n", run.param("invert", "true").output());
  EXPECT_EQ("", run.difference_between_ways());
}

TEST(GrepJob, CountsInAllOrByFile) {
  JobRun<Grep> run;
  run.param("pattern", "b").param("count", "true").file("one", "abb\nxyz\nb\n").file("two", "no\n");
  EXPECT_EQ("2\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
  EXPECT_EQ("one\t2\ntwo\t0\n", run.param("name", "true").output());
  EXPECT_EQ("", run.difference_between_ways());
  EXPECT_EQ("one\t1\ntwo\t1\n", run.param("invert", "true").output());
}

TEST(GrepJob, SaysWhatIsWrongWithAPattern) {
  JobRun<Grep> run;
  run.param("pattern", "(").input("a\n");
  EXPECT_EQ(MRUN_BAD_CONFIG, run.status());
  EXPECT_NE(std::string::npos, run.error().find("missing )")) << run.error();
}

/// The lines of `text` in which `pattern` matches, one line at a time.
std::string naive_grep(const std::string& text, const std::string& pattern, bool invert) {
  const RE2 expression(pattern, Grep::Shared::options(pattern, false));
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

TEST(GrepJob, FindsByLiteralsWhatASearchLineByLineFinds) {
  // Texts of the literals' own letters, long enough for the scan of 64 bytes at a time, some with a
  // literal in every line and a match in none.
  std::mt19937_64 random(sdk_test::seed());
  const std::vector<std::string> patterns = {
      "ab",          "abc",      "(?i)aBc", "abc|cab", "(abc|cab)[a-c]* [ab]",
      "abc.*cab",    "^abc",     "abc$",    "a\\Cbc",  "\\Aabc",
      "ab\nc",       "(ab){2}",  "[ab]c",   "abc|",    "(abc|cab|bca|aab|bba|cca|acc|bcc|cbb)",
      "abc[^a]*abc", "abc\\xFF", "x?abc",   "1-2|2-1"};
  for (int round = 0; round < 40; ++round) {
    const std::string text = sdk_test::random_text(
        random, random() % 4000, std::string_view("aabbccABC  \n12-\xFF", round % 2 ? 16 : 12));
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

TEST(LiteralScan, FindsEveryPlaceAndNoOther) {
  std::mt19937_64 random(sdk_test::seed());
  const std::vector<std::vector<std::string>> sets = {
      {"ab"}, {"abcabcab"}, {"ab", "ca"}, {"@a", "`a"}, {"aa", "bbb", "cccc", "a1", "1b"}};
  for (const std::vector<std::string>& literals : sets) {
    const LiteralScan scan(literals);
    for (int round = 0; round < 60; ++round) {
      // A text of its own memory, so that a read past its end is found by a sanitizer.
      const std::string text = sdk_test::random_text(random, random() % 300, "aAbBcC1@`");
      std::string lower = text;
      for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 'a' - 'A');
      for (std::size_t from = 0; from <= text.size(); ++from) {
        std::size_t expected = text.size();
        for (const std::string& literal : literals)
          expected = std::min(expected, lower.find(literal, from));
        ASSERT_EQ(expected, scan.find(text, from))
            << "seed " << sdk_test::seed() << ", from " << from << ", text " << text;
      }
    }
  }
}

}  // namespace
