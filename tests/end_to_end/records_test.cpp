// Goal: every record format gives the same records wherever splits lie, however files are read, and
// headers, names of inputs and choices of files do what they say. Method: sorted records of random
// texts against a loop over their bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "input_fixture.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

using namespace std::string_literals;
using Texts = std::vector<std::string>;

/// The records of a text, one byte at a time.
Texts records_by_model(const std::string& text, const std::string& format) {
  Texts records;
  std::string record;
  bool quoted = false, open = false, closing = false, border = true;
  for (const char c : text) {
    open = true;
    if (format == "csv") {
      // A quote opens at the beginning of a field; between quotes it closes, unless it is doubled.
      if (c == '"' && (quoted ? true : closing || border)) {
        closing = quoted;
        quoted = !quoted;
      } else {
        closing = false;
      }
      border = !quoted && (c == ',' || c == '\n');
    }
    const bool ends = format == "nul"   ? c == '\0'
                      : format == "csv" ? c == '\n' && !quoted
                                        : format == "lines" && c == '\n';
    if (!ends) {
      record += c;
      continue;
    }
    records.push_back(record);
    record.clear();
    open = false;
  }
  if (open) records.push_back(record);
  if (format == "csv")
    for (std::string& one : records)
      if (!one.empty() && one.back() == '\r') one.pop_back();
  return records;
}

class Records : public testing::Test {
 protected:
  CommandResult run(const Texts& arguments, const std::string& input = {}) {
    CommandOptions options;
    options.folder = folder_.path();
    options.stdin_pipe = input;
    return run_mrun(arguments, options);
  }
  /// What `mrun cat` prints of a run that must succeed.
  std::string output_of(Texts arguments, const std::string& input = {}) {
    arguments.insert(arguments.end(), {"-q", "--no-sync", "out"});
    const CommandResult result = run(arguments, input);
    EXPECT_TRUE(result.ok()) << describe(arguments, result);
    std::string text;
    for (const auto& [name, bytes] : read_output(folder_ / "out"))
      if (name.starts_with("part-")) text += bytes;
    remove_tree(folder_ / "out");
    return text;
  }
  void write(const std::string& name, const std::string& text) { write_file(folder_ / name, text); }

  TempFolder folder_;
};

TEST_F(Records, AreThoseOfAByteLoopForEveryFormatWhereverSplitsLie) {
  const std::uint64_t rounds = scaled(8);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    Random random(case_seed(round));
    SCOPED_TRACE(case_seed(round));
    for (const std::string format : {"lines", "nul", "csv", "whole"}) {
      const std::size_t size = random.one_in(3) ? 400'000 : random.between(1, 300);
      std::string text;
      while (text.size() < size) {
        switch (random.below(6)) {
          case 0:
            text += "\n\r\0,"[random.below(4)];
            break;
          case 1:
            text += random.one_in(3) ? ",\"x\ny\"" : random.one_in(2) ? "\"\"" : "5\" pipe";
            break;
          default:
            text.append(random.below(40), static_cast<char>('a' + random.below(26)));
        }
      }
      write("in", text);
      Texts wanted = records_by_model(text, format);
      std::sort(wanted.begin(), wanted.end());
      std::string lines;
      for (const std::string& record : wanted) lines += record + "\n";
      for (const std::string& split :
           size > 1000 ? Texts{"5000", "100000", "1M"} : Texts{"1", "7", "100"})
        for (const Texts& way : ways_to_read()) {
          Texts arguments = {"sort", "in", "--records", format, "--split-size", split};
          arguments.insert(arguments.end(), way.begin(), way.end());
          ASSERT_EQ(output_of(arguments), lines) << format << " " << testing::PrintToString(text);
        }
      ASSERT_EQ(output_of({"sort", "-", "--records", format, "--split-size", "100"}, text), lines)
          << format << ", streamed " << testing::PrintToString(text);
    }
  }
}

TEST_F(Records, OfCsvMayHoldQuotesInsideFields) {
  write("in.csv", "id,size\n1,5\" pipe\n2,4\n3,3\" hose\n4,\"1;\n\"\n");
  EXPECT_EQ(output_of({"sum", "in.csv", "-D", "format=csv", "-D", "header", "-D", "count"}), "4\n");
  EXPECT_EQ(output_of({"distinct", "in.csv", "-D", "format=csv", "-D", "header", "-D", "field=id"}),
            "1\n2\n3\n4\n");
  write("semi.csv", "1;\"a,\nb;c\"\n2;x,\"y\n3;z\n");
  EXPECT_EQ(
      output_of({"distinct", "semi.csv", "-D", "format=csv", "-D", "separator=;", "-D", "field=1"}),
      "1\n2\n3\n");
  EXPECT_EQ(output_of({"distinct", "semi.csv", "--records", "csv:;"}),
            "1;\"a,\nb;c\"\n2;x,\"y\n3;z\n");
}

TEST_F(Records, LoseTheirCrOnDemand) {
  write("in", "b\r\na\r\r\nc");
  EXPECT_EQ(output_of({"sort", "in"}), "a\r\r\nb\r\nc\n");
  EXPECT_EQ(output_of({"sort", "in", "--strip-cr"}), "a\r\nb\nc\n");
  EXPECT_EQ(output_of({"wordcount", "in", "--strip-cr"}), "a\t1\nb\t1\nc\t1\n");
}

TEST_F(Records, LeaveOutTheHeaderOfEachFile) {
  std::string text = "head\n", rows;
  for (int i = 1000; i < 3000; ++i) rows += std::to_string(i) + "\n";
  write("in/a", text + rows);
  write("in/b", "head");
  write("in/c", "head\n5\n");
  for (const char* const split : {"1", "100", "1M"}) {
    EXPECT_EQ(output_of({"sort", "in", "--skip-header", "--split-size", split}), rows + "5\n");
    EXPECT_EQ(output_of({"sort", "in", "--skip-header", "--split-size", split, "--io", "mmap"}),
              rows + "5\n");
    EXPECT_EQ(output_of({"sort", "-", "--skip-header", "--split-size", split}, text + rows), rows);
  }
  // However many files are cut, and whatever the memory.
  for (int i = 0; i < 300; ++i) write("many/" + std::to_string(1000 + i), "k,v\na,1\na,2\n");
  EXPECT_EQ(output_of({"sum", "many", "-D", "format=csv", "-D", "header", "-D", "by=k", "-D",
                       "sum=v", "--split-size", "3", "-m", "34M"}),
            "a\t900\n");
  // A job that asks for names gets them in every split, and line numbers count the header.
  write("t.csv", "id,n\n1,2\n2,3\n3,4\n");
  for (const char* const split : {"1", "6", "1M"})
    for (const char* const input : {"t.csv", "-"})
      EXPECT_EQ(output_of({"sum", input, "-D", "format=csv", "-D", "header", "-D", "sum=n",
                           "--split-size", split},
                          "id,n\n1,2\n2,3\n3,4\n"),
                "9\n");
  EXPECT_EQ(output_of({"grep", "t.csv", "-D", "pattern=3", "-D", "line", "--skip-header"}),
            "3\t2,3\n4\t3,4\n");
}

TEST_F(Records, ComeFromListedFiles) {
  write("a", "1\n");
  write("b c", "2\n");
  write("d\ne", "3\n");
  write("list", "b c\n\na\n");
  EXPECT_EQ(output_of({"sort", "--files-from", "list"}), "1\n2\n");
  EXPECT_EQ(output_of({"sort", "a", "--files-from", "-"}, "b c"), "1\n2\n");
  EXPECT_EQ(output_of({"sort", "--files-from", "-", "-0"}, "d\ne\0a\0"s), "1\n3\n");
}

TEST_F(Records, ComeFromFilesThatGlobsChoose) {
  write("in/a.log", "1\n");
  write("in/b.txt", "2\n");
  write("in/old/c.log", "3\n");
  write("in/old/deep/d.log", "4\n");
  write("e.txt", "5\n");
  EXPECT_EQ(output_of({"sort", "in", "--include", "*.log"}), "1\n3\n4\n");
  EXPECT_EQ(output_of({"sort", "in", "--include", "*.log", "--exclude", "old"}), "1\n");
  EXPECT_EQ(output_of({"sort", "in", "--include", "old/*.log", "--include", "b*"}), "2\n3\n");
  EXPECT_EQ(output_of({"sort", "in", "--exclude", "old/deep"}), "1\n2\n3\n");
  EXPECT_EQ(output_of({"sort", "in", "e.txt", "--exclude", "*"}), "5\n");
  const CommandResult result = run({"sort", "in", "out", "--no-sync", "--exclude", "*.log"});
  EXPECT_NE(result.err.find("left out 3 files or folders"), std::string::npos) << result.err;
}

TEST_F(Records, OfSeveralInputsFindThemByNameOrOrder) {
  write("l", "a\t1\nb\t2\n");
  write("r", "b\tx\n");
  write("r=2", "a\ty\n");
  const std::string all = "a\t1\ta\ty\nb\t2\tb\tx\n";
  EXPECT_EQ(output_of({"join", "right=r", "left=l", "right=./r=2"}), all);
  EXPECT_EQ(output_of({"join", "l", "r"}), "b\t2\tb\tx\n");
  EXPECT_EQ(output_of({"join", "l", "./r=2"}), "a\t1\ta\ty\n");
  // A job of one input takes any name as it is.
  EXPECT_EQ(output_of({"sort", "r=2"}), "a\ty\n");
}

}  // namespace
}  // namespace mrun::test_support
