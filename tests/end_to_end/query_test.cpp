// Goal: what get and scan print of tables is what the job printed as text, found by key and range.
// Method: random inputs through jobs with keys of every type and every rule of parts, once as text
// and once as tables; a naive reader of the text (sorted, filtered line by line) against the
// commands.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "end_to_end/query_fixture.hpp"

namespace mrun::test_support {
namespace {

/// The records of a text output, in the order of their keys; those of one key as they stand.
class NaiveTable {
 public:
  struct Record {
    std::string order, key, line;
  };

  NaiveTable(const QueryJob& job, const std::string& text) : job_(job) {
    for (const std::string& line : lines_of(text)) {
      const std::string key = key_text(job, line);
      records_.push_back({order_of(job.keys, key), key, line});
    }
    std::stable_sort(records_.begin(), records_.end(),
                     [](const Record& a, const Record& b) { return a.order < b.order; });
  }

  const std::vector<Record>& records() const { return records_; }
  std::string of_key(const std::string& key) const {
    const std::string order = order_of(job_.keys, key);
    return print([&](const Record& record) {
      return is_leading(key) ? record.order.starts_with(order) : record.order == order;
    });
  }
  /// A word alone stands for all keys with it.
  bool is_leading(const std::string& key) const {
    return job_.keys == KeyKind::word_and_file && key.find('\t') == std::string::npos;
  }
  template <typename Wanted>
  std::string print(const Wanted& wanted) const {
    std::string text;
    for (const Record& record : records_)
      if (wanted(record)) text += record.line + "\n";
    return text;
  }

 private:
  const QueryJob& job_;
  std::vector<Record> records_;
};

std::string reversed(const std::string& text) {
  std::vector<std::string> lines = lines_of(text);
  std::string result;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) result += *line + "\n";
  return result;
}
std::string first_lines(const std::string& text, std::size_t count) {
  std::string result;
  for (const std::string& line : lines_of(text))
    if (count-- > 0)
      result += line + "\n";
    else
      break;
  return result;
}

class Query : public testing::TestWithParam<std::size_t> {
 protected:
  CommandResult mrun(std::vector<std::string> arguments, const std::string& input = "") {
    CommandOptions options;
    options.folder = folder_.path();
    if (!input.empty()) options.stdin_pipe = input;
    return run_mrun(std::move(arguments), options);
  }
  void run(const QueryJob& job, const std::string& out, std::vector<std::string> more) {
    std::vector<std::string> arguments = {job.path, "a", "b", "c", out, "-q", "--no-sync"};
    arguments.insert(arguments.end(), job.params.begin(), job.params.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CommandResult result = mrun(arguments);
    ASSERT_TRUE(result.ok()) << describe(arguments, result);
  }
  void expect_scan(std::vector<std::string> arguments, const std::string& expected) {
    arguments.insert(arguments.begin(), {"scan", "table"});
    const CommandResult result = mrun(arguments);
    ASSERT_TRUE(result.ok()) << describe(arguments, result);
    ASSERT_EQ(result.out, expected) << describe(arguments, result);
  }

  const TempFolder folder_;
};

/// A key that is there, or near one that is.
std::string some_key(Random& random, const QueryJob& job, const NaiveTable& naive) {
  std::string key =
      naive.records().empty() ? "a1" : naive.records()[random.below(naive.records().size())].key;
  if (random.one_in(2)) return key;
  switch (job.keys) {
    case KeyKind::unsigned_number:
      return std::to_string(random.below(2000));
    case KeyKind::signed_number:
      return std::to_string(static_cast<std::int64_t>(random.below(4000)) - 2000);
    case KeyKind::real:
      return std::to_string(static_cast<int>(random.below(4000)) - 2000) + ".125";
    case KeyKind::word_and_file:
      key.resize(random.one_in(2) ? key.find('\t') : key.size());
      return random.one_in(4) ? "x" + key : key;
    case KeyKind::bytes:
      break;
  }
  if (key.empty() || random.one_in(4)) return key + "0";
  key.resize(random.below(key.size()) + 1);
  return key;
}

TEST_P(Query, PrintsWhatANaiveReaderFinds) {
  const std::uint64_t index = GetParam();
  Random random(case_seed(index));
  const std::vector<QueryJob> jobs = query_jobs();
  const QueryJob& job = jobs[index % jobs.size()];
  SCOPED_TRACE(job.name + ", case " + std::to_string(index) + " of seed " +
               std::to_string(test_seed()));
  for (const std::string name : {"a", "b", "c"})
    write_file(folder_ / name, random_words(random, scaled(random.below(200'000)), job.vocabulary));
  const std::string parts = std::to_string(random.between(1, 7));
  run(job, "text", {"-p", parts});
  run(job, "table", {"-p", parts, "--output-format", "table"});
  const NaiveTable naive(job, mrun({"cat", "text"}).out);

  const std::string all = naive.print([](const auto&) { return true; });
  expect_scan({}, all);
  expect_scan({"--reverse"}, reversed(all));
  expect_scan({"--count"}, std::to_string(naive.records().size()) + "\n");
  for (int round = 0; round < 4; ++round) {
    const std::string from = some_key(random, job, naive), to = some_key(random, job, naive);
    const std::string low = order_of(job.keys, from), high = order_of(job.keys, to);
    const std::string range =
        naive.print([&](const auto& record) { return record.order >= low && record.order < high; });
    // Joined, for a key may begin with '-'.
    const std::vector<std::string> bounds = {"--from=" + from, "--to=" + to};
    const auto with = [&](const std::vector<std::string>& more) {
      std::vector<std::string> arguments = bounds;
      arguments.insert(arguments.end(), more.begin(), more.end());
      return arguments;
    };
    expect_scan(bounds, range);
    expect_scan(with({"--count"}), std::to_string(lines_of(range).size()) + "\n");
    const std::size_t limit = random.below(20);
    expect_scan(with({"--limit", std::to_string(limit)}), first_lines(range, limit));
    expect_scan(with({"--reverse", "--limit", std::to_string(limit)}),
                first_lines(reversed(range), limit));
    expect_scan({"--from=" + from},
                naive.print([&](const auto& record) { return record.order >= low; }));
  }
  if (job.keys == KeyKind::bytes || job.keys == KeyKind::word_and_file) {
    std::string prefix = some_key(random, job, naive);
    prefix.resize(std::min<std::size_t>(prefix.size(), prefix.find('\t')));
    prefix.resize(random.below(prefix.size() + 1));
    expect_scan({"--prefix", prefix},
                naive.print([&](const auto& record) { return record.key.starts_with(prefix); }));
  }

  std::vector<std::string> keys;
  std::string expected, input;
  bool all_found = true;
  for (int i = 0; i < 60; ++i) {
    keys.push_back(some_key(random, job, naive));
    const std::string records = naive.of_key(keys.back());
    all_found = all_found && !records.empty();
    expected += records;
    input += keys.back() + "\n";
  }
  const CommandResult from_input = mrun({"get", "table", "--stdin"}, input);
  EXPECT_EQ(from_input.out, expected);
  EXPECT_EQ(from_input.exit_status, all_found ? 0 : 1) << from_input.err;
  std::vector<std::string> arguments = {"get", "table", "--"};
  arguments.insert(arguments.end(), keys.begin(), keys.end());
  const CommandResult from_arguments = mrun(arguments);
  EXPECT_EQ(from_arguments.out, expected);
  for (std::size_t i = 0; i < 3; ++i) {
    const CommandResult one = mrun({"get", "table", "--", keys[i]});
    EXPECT_EQ(one.out, naive.of_key(keys[i])) << keys[i];
    EXPECT_EQ(one.exit_status, one.out.empty() ? 1 : 0) << keys[i] << one.err;
  }
}

INSTANTIATE_TEST_SUITE_P(OfRandomTables, Query, testing::Range<std::size_t>(0, 28));

/// A table of words in three parts, and what is in it.
class QueryCommand : public testing::Test {
 protected:
  QueryCommand() {
    Random random(test_seed());
    write_file(folder_ / "in", random_words(random, 60'000, 4000));
    run({"wordcount", "in", "table", "-q", "-p3", "--output-format", "table"});
    run({"wordcount", "in", "text", "-q", "-p3"});
    text_ = run({"cat", "text"}).out;
  }
  CommandResult run(std::vector<std::string> arguments) {
    CommandOptions options;
    options.folder = folder_.path();
    return run_mrun(std::move(arguments), options);
  }
  CommandResult run_shell(const std::string& script) {
    CommandOptions options;
    options.folder = folder_.path();
    options.environment = {"MRUN=" + mrun_path()};
    return run_command({"/bin/bash", "-c", script}, options);
  }

  const TempFolder folder_;
  std::string text_;
};

TEST_F(QueryCommand, EveryChangedByteIsFoundByAScan) {
  Random random(test_seed());
  const std::string part = folder_ / "table/part-00001";
  const std::string whole = read_file(part);
  const std::string word = text_.substr(0, text_.find('\t'));
  const CommandResult right = run({"get", "table", word});
  for (int round = 0; round < 60; ++round) {
    std::string damaged = whole;
    const std::size_t at = random.below(damaged.size());
    if (round % 3 == 0)
      damaged.resize(at);
    else
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.below(8)));
    write_file(part, damaged);
    const CommandResult scan = run({"scan", "table"});
    EXPECT_EQ(scan.exit_status, 8) << at << scan.err;
    EXPECT_NE(scan.err.find("table/part-00001"), std::string::npos) << scan.err;
    // A lookup need not touch what is damaged; but it is never wrong.
    const CommandResult get = run({"get", "table", word});
    if (get.exit_status != 8) {
      EXPECT_EQ(get.exit_status, 0) << at;
      EXPECT_EQ(get.out, right.out) << at;
    }
  }
}

TEST_F(QueryCommand, AReaderThatHasSeenEnoughIsNoError) {
  for (const std::string command : {"scan table", "scan table --reverse",
                                    "get table --stdin < <(\"$MRUN\" cat text | cut -f1)"}) {
    const CommandResult result =
        run_shell("\"$MRUN\" " + command + " | head -n1; exit ${PIPESTATUS[0]}");
    EXPECT_EQ(result.exit_status, 0) << command << result.err;
    EXPECT_EQ(result.err, "") << command;
    EXPECT_EQ(lines_of(result.out).size(), 1u) << command;
  }
}

TEST_F(QueryCommand, AnswersManyKeysInTheOrderAsked) {
  const CommandResult result = run_shell(
      "\"$MRUN\" cat text | sort -R --random-source=in >shuffled; cut -f1 shuffled | \"$MRUN\" get "
      "table "
      "--stdin --stats >got; echo $?; cmp shuffled got");
  EXPECT_EQ(result.out, "0\n") << result.err;
  EXPECT_NE(result.err.find("of 3 opened"), std::string::npos) << result.err;
}

TEST_F(QueryCommand, ReadsABlockAtMostForAKeyThatIsThere) {
  const CommandResult found = run({"get", "table", text_.substr(0, text_.find('\t')), "--stats"});
  EXPECT_NE(found.err.find("keys     1 asked, 1 found\n"
                           "parts    1 asked, 0 ruled out by their filters, 0 read in vain; 1 of 3 "
                           "opened\nblocks   1 read"),
            std::string::npos)
      << found.err;
}

TEST_F(QueryCommand, CountsWhatThePartsHold) {
  const std::string count = std::to_string(lines_of(text_).size()) + "\n";
  const CommandResult all = run({"scan", "table", "--count", "--stats"});
  EXPECT_EQ(all.out, count);
  EXPECT_EQ(all.err, "parts    3 of 3 opened\nblocks   0 read, 0 B\n");
  const CommandResult some = run({"scan", "table", "--from", "a", "--count", "--stats"});
  EXPECT_NE(some.err.find("blocks   3 read, "), std::string::npos) << some.err;
  const std::string part = folder_ / "table/part-00001", whole = read_file(part);
  std::string other = whole;
  other[other.size() - 30] = static_cast<char>(other[other.size() - 30] ^ 1);
  for (const std::string& damaged : {whole.substr(0, whole.size() / 2), std::string(), other}) {
    write_file(part, damaged);
    const CommandResult result = run({"scan", "table", "--count"});
    EXPECT_EQ(result.exit_status, 8) << result.err;
    EXPECT_EQ(result.out, "");
  }
  std::filesystem::remove(part);
  EXPECT_EQ(run({"scan", "table", "--count"}).exit_status, 8);
}

TEST_F(QueryCommand, AMissingPartIsTheSameErrorInBothFormats) {
  run({"wordcount", "in", "kv", "-q", "-p3", "--output-format", "kv"});
  for (const std::string output : {"table", "kv"}) {
    ASSERT_TRUE(std::filesystem::remove(folder_ / output + "/part-00001"));
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"cat", output}, std::vector<std::string>{"verify", output},
          std::vector<std::string>{"merge", output, output, "new", "--job", "wordcount"}}) {
      const CommandResult result = run(arguments);
      EXPECT_EQ(result.exit_status, 8) << describe(arguments, result);
      EXPECT_NE(result.err.find("'" + output + "/part-00001' is missing"), std::string::npos)
          << result.err;
    }
  }
}

// A year's index has each day's inputs, all of which may have had one name.
TEST_F(QueryCommand, AnswersForAllFilesOfAName) {
  for (const std::string day : {"1", "2", "3"}) {
    write_file(folder_ / "log", "one two one\none day" + day + "\n");
    write_file(folder_ / "other", "one\n");
    ASSERT_TRUE(run({test_job("words_in_files"), "log", "other", "out" + day, "-q", "-p5",
                     "--output-format", "table"})
                    .ok());
  }
  const CommandResult merged = run(
      {"merge", "out1", "out2", "out3", "year", "-q", "-p5", "--job", test_job("words_in_files")});
  ASSERT_TRUE(merged.ok()) << merged.err;
  const std::string three = "one\tlog\t3\none\tlog\t3\none\tlog\t3\n";
  EXPECT_EQ(run({"get", "year", "one\tlog"}).out, three);
  EXPECT_EQ(run({"get", "year", "day2\tlog"}).out, "day2\tlog\t1\n");
  const CommandResult both = run({"get", "year", "day3\tother", "one\tlog", "--stats"});
  EXPECT_EQ(both.exit_status, 1);
  EXPECT_EQ(both.out, three);
  EXPECT_NE(both.err.find("keys     2 asked, 1 found\n"), std::string::npos) << both.err;
  EXPECT_EQ(run({"get", "year", "one"}).out,
            "one\tlog\t3\none\tother\t1\none\tlog\t3\none\tother\t1\none\tlog\t3\n"
            "one\tother\t1\n");
  EXPECT_EQ(run({"scan", "year", "--prefix", "one\tlog"}).out, three);
  EXPECT_EQ(run({"scan", "year", "--prefix", "one\tlog", "--reverse", "--limit", "2"}).out,
            "one\tlog\t3\none\tlog\t3\n");
  EXPECT_EQ(run({"scan", "year", "--prefix", "one\tlog", "--count"}).out, "3\n");
  EXPECT_EQ(run({"scan", "year", "--from", "one\tother", "--to", "two\tlog", "--count"}).out,
            "5\n");
}

/// The block of commands of a section of the README, with what they print.
std::string readme_example(const std::string& section) {
  const std::string page = read_file(source_folder() + "/README.md");
  const std::string begin = "\n```\n", end = "```\n";
  const std::size_t at = page.find(begin, page.find("\n## " + section + "\n")) + begin.size();
  return page.substr(at, page.find(end, at) - at);
}

TEST(Readme, ShowsWhatTheQueriesPrint) {
  const TempFolder folder;
  std::filesystem::create_directory_symlink(source_folder() + "/samples", folder / "samples");
  CommandOptions options;
  options.folder = folder.path();
  options.environment = {"MRUN=" + mrun_path()};
  const std::string example = readme_example("Output that answers questions");
  std::string now;
  for (const std::string& line : lines_of(example)) {
    if (!line.starts_with("$ ")) continue;
    const CommandResult result = run_command(
        {"/bin/bash", "-c", "mrun() { \"$MRUN\" \"$@\"; }; " + line.substr(2)}, options);
    now += line + "\n" + result.out + result.err;
  }
  EXPECT_EQ(now, example);
}

}  // namespace
}  // namespace mrun::test_support
