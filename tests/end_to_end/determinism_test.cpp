// Goal: the same bytes whatever the threads, memory, split size and way of reading (P2), `_SUCCESS`
// included. Method: a matrix of options over jobs of every kind; each run is compared with the
// first one of its job.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

using Files = std::map<std::string, std::string>;

/// A job with an input, both fixed for a whole matrix.
struct Subject {
  const char* name;
  std::vector<std::string> command;  ///< Job and parameters; the input is "in".
  std::uint64_t input_bytes;
  /// Its parts follow the splits, or what it emits does: what `mrun cat` prints is what stays.
  bool only_cat_stays = false;
  /// The input is rows "key TAB number TAB text"; else words.
  bool has_rows = false;
  std::vector<std::string> inputs = {"in"};
  const char* partitions = "-p3";
};

void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.name; }

/// A test job that multiplies its input until it spills, with so many parts.
Subject with_parts(const char* name, const char* job, const char* repeat, std::uint64_t input_bytes,
                   const char* partitions) {
  Subject subject{name, {test_job(job), "-D", repeat, "-D", "same=1"}, input_bytes};
  subject.partitions = partitions;
  return subject;
}

std::vector<Subject> subjects() {
  return {
      {"WordCount", {shipped_job("wordcount")}, 3 << 20},
      {"WordCountThatSpills",
       {test_job("count_words"), "-D", "repeat=40", "-D", "same=1"},
       100 << 10},
      {"Sort", {shipped_job("sort")}, 3 << 20},
      {"SortThatSpills", {test_job("lines_in_order"), "-D", "repeat=300"}, 100 << 10},
      {"Grep", {shipped_job("grep"), "-D", "pattern=[ab]1+"}, 3 << 20, true},
      {"Concatenation", {test_job("concatenate")}, 1 << 20},
      {"ConcatenationThatSpills",
       {test_job("concatenate"), "-D", "repeat=100", "-D", "big=4000"},
       20 << 10},
      with_parts("SortThatSpillsToOnePart", "lines_in_order", "repeat=300", 100 << 10, "-p1"),
      with_parts("SortThatSpillsToManyParts", "lines_in_order", "repeat=300", 100 << 10, "-p90"),
      with_parts("ValuesThatSpillToOnePart", "concatenate", "repeat=200", 50 << 10, "-p1"),
      with_parts("ValuesThatSpillToManyParts", "concatenate", "repeat=200", 50 << 10, "-p90"),
      {"WordCountAsTable", {shipped_job("wordcount"), "--output-format", "table"}, 1 << 20},
      {"SortThatSpillsAsTable",
       {test_job("lines_in_order"), "-D", "repeat=300", "--output-format", "table"},
       100 << 10},
      {"SortThatSpillsAsKv",
       {test_job("lines_in_order"), "-D", "repeat=100", "--output-format", "kv"},
       100 << 10},
      {"FoldInOrder", {test_job("affine_fold"), "-D", "repeat=20"}, 200 << 10},
      {"UniqueThatSpills",
       {test_job("unique_values"), "-D", "repeat=200", "-D", "same=1"},
       100 << 10},
      {"HardSums", {test_job("hard_sums"), "-D", "repeat=20"}, 200 << 10},
      {"SecondarySort", {test_job("dated_in_order"), "-D", "repeat=50", "-D", "big=500"}, 40 << 10},
      {"SideOutputs", {test_job("three_parts")}, 200 << 10},
      {"SideOutputsOfMap", {test_job("odd_lines")}, 1 << 20},
      {"GrepCounts",
       {shipped_job("grep"), "-D", "pattern=[ab]1+", "-D", "count", "-D", "name"},
       1 << 20,
       true,
       false,
       {"in"},
       ""},
      {"GrepWithLines", {shipped_job("grep"), "-D", "pattern=[ab]1+", "-D", "line"}, 1 << 20, true},
      {"Index", {shipped_job("index"), "-D", "lower"}, 1 << 20},
      {"IndexOfLines", {shipped_job("index"), "-D", "lines"}, 1 << 20},
      {"Distinct",
       {shipped_job("distinct"), "-D", "field=1", "-D", "separator=space", "-D", "count"},
       1 << 20},
      {"SortByBytes", {shipped_job("sort"), "-D", "bytes=2-4"}, 1 << 20},
      {"SortByKeys",
       {shipped_job("sort"), "-D", "separator=tab", "-D", "key=2,2nr", "-D", "key=1,1f", "-D",
        "unique"},
       1 << 20,
       false,
       true},
      {"Sum",
       {shipped_job("sum"), "-D", "by=1", "-D", "sum=2", "-D", "min=2", "-D", "mean=2"},
       1 << 20,
       false,
       true},
      {"Top",
       {shipped_job("top"), "-D", "field=2", "-D", "k=500"},
       1 << 20,
       true,
       true,
       {"in"},
       ""},
      {"Join",
       {shipped_job("join"), "-D", "kind=left"},
       200 << 10,
       false,
       true,
       {"left=in/a", "right=in/b"}},
  };
}

/// Rows "key TAB number TAB text" of `keys` keys.
std::string random_rows(Random& random, std::uint64_t size_bytes, std::uint64_t keys) {
  std::string text;
  while (text.size() < size_bytes) {
    text += "k" + std::to_string(random.below(keys)) + '\t';
    if (random.one_in(3)) text += '-';
    text += std::to_string(random.below(random.one_in(2) ? 10 : 1'000'000));
    if (random.one_in(2)) text += '.' + std::to_string(random.below(1000));
    text += '\t' + std::string(random.below(20), 'x') + '\n';
  }
  return text;
}

/// Runs the subject with more options; what a reader of its output sees.
Files run(const TempFolder& folder, const Subject& subject,
          const std::vector<std::string>& options) {
  std::vector<std::string> arguments = subject.command;
  arguments.insert(arguments.end(), {"-q", "--no-sync"});
  arguments.insert(arguments.end(), options.begin(), options.end());
  if (*subject.partitions != '\0') arguments.push_back(subject.partitions);
  arguments.insert(arguments.end(), subject.inputs.begin(), subject.inputs.end());
  arguments.push_back("out");
  CommandOptions where;
  where.folder = folder.path();
  const CommandResult result = run_mrun(arguments, where);
  EXPECT_TRUE(result.ok()) << describe(arguments, result);
  Files files;
  if (!result.ok()) return files;
  if (subject.only_cat_stays) {
    files["cat"] = run_mrun({"cat", "out"}, where).out;
  } else {
    files = read_output(folder / "out");
  }
  remove_tree(folder / "out");
  return files;
}

std::string names_that_differ(const Files& a, const Files& b) {
  std::string names;
  for (const auto& [name, bytes] : a) {
    if (!b.contains(name) || b.at(name) != bytes) names += name + ' ';
  }
  for (const auto& [name, bytes] : b) {
    if (!a.contains(name)) names += name + ' ';
  }
  return names;
}

/// One way to run: every combination is one, for inputs too large for tiny splits.
std::vector<std::vector<std::string>> matrix() {
  std::vector<std::vector<std::string>> ways;
  for (const char* threads : {"-j1", "-j2", "-j3", "-j8", "-j32"}) {
    for (const char* memory : {"34M", "40M", "64M", "1G"}) {
      for (const char* split : {"", "4K", "100000", "64M"}) {
        std::vector<std::string> way{threads, "--memory", memory};
        if (*split != '\0') way.insert(way.end(), {"--split-size", split});
        way.insert(way.end(), {"--io", ways.size() % 2 == 0 ? "mmap" : "pread"});
        ways.push_back(way);
      }
    }
  }
  return ways;
}

class SameBytes : public testing::TestWithParam<Subject> {};

TEST_P(SameBytes, ForAnyThreadsMemorySplitsAndReading) {
  const Subject& subject = GetParam();
  const auto ways = matrix();
  TempFolder folder;
  Files first;
  // Each job begins elsewhere in the matrix, so that all jobs together try all of it.
  const std::uint64_t begin =
      test_seed() + std::hash<std::string_view>()(subject.name) % ways.size();
  const std::uint64_t count = scaled(20);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i % ways.size() == 0) {  // Once the matrix is used up, another input.
      Random random(case_seed(i));
      const auto text = subject.has_rows ? &random_rows : &random_words;
      write_file(folder / "in/a", text(random, subject.input_bytes / 2, 20'000));
      write_file(folder / "in/b", text(random, subject.input_bytes / 2, 50));
      first = run(folder, subject, {"-j1", "--memory", "1G"});
      ASSERT_FALSE(first.empty());
    }
    // A step without a common divisor spreads the chosen ways over the whole matrix.
    const std::vector<std::string>& way = ways[(i * 37 + begin) % ways.size()];
    ASSERT_EQ(names_that_differ(first, run(folder, subject, way)), "")
        << testing::PrintToString(way);
  }
}

INSTANTIATE_TEST_SUITE_P(Jobs, SameBytes, testing::ValuesIn(subjects()),
                         [](const auto& test) { return std::string(test.param.name); });

// Splits of single bytes, where most splits hold no record and every record crosses many.
class SameBytesOfTinySplits : public testing::TestWithParam<Subject> {};

TEST_P(SameBytesOfTinySplits, ForSmallTextsOfManyKinds) {
  const Subject& subject = GetParam();
  const std::uint64_t seeds = scaled(4);
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    TempFolder folder;
    Random random(case_seed(seed));
    write_file(folder / "in/a", random_text(random, 2000));
    write_file(folder / "in/b", random_text(random, 500));
    const Files first = run(folder, subject, {"-j1"});
    ASSERT_FALSE(first.empty());
    for (const std::vector<std::string>& way :
         std::vector<std::vector<std::string>>{{"-j8", "--split-size", "1", "--io", "mmap"},
                                               {"-j3", "--split-size", "1", "--io", "pread"},
                                               {"-j2", "--split-size", "7", "--memory", "34M"}}) {
      ASSERT_EQ(names_that_differ(first, run(folder, subject, way)), "")
          << testing::PrintToString(way);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Jobs, SameBytesOfTinySplits,
    testing::Values(Subject{"WordCount", {shipped_job("wordcount")}, 0},
                    Subject{"Sort", {shipped_job("sort")}, 0},
                    Subject{"Grep", {shipped_job("grep"), "-D", "pattern=a"}, 0, true},
                    Subject{"Concatenation", {test_job("concatenate")}, 0},
                    Subject{"Highest", {test_job("highest")}, 0, true, false, {"in"}, ""}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace mrun::test_support
