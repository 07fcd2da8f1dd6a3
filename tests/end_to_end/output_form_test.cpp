// Goal: an output reads as it should in each of its forms: parts, side outputs, compressed parts,
// the standard output. Method: one run each.
#include <string>
#include <vector>

#include "end_to_end/command_fixture.hpp"

namespace mrun::test_support {
namespace {

TEST_F(CommandTest, SideOutputsLieBesideThePartsAndNotInCat) {
  write_file(folder_ / "pairs", "a 1\nb 2\na 3\nc 4\n");
  ASSERT_TRUE(run({test_job("three_parts"), "-q", "pairs", "out"}).ok());
  std::string side, parts;
  for (const auto& [name, bytes] : read_output(folder_ / "out")) {
    if (name.rfind("even-", 0) == 0) side += bytes;
    if (name.rfind("part-", 0) == 0) parts += bytes;
  }
  EXPECT_EQ(side, "a\n");
  EXPECT_EQ(run({"cat", "out"}).out, parts);
}

TEST_F(CommandTest, SideOutputsOfMapComeBeforeThoseOfReduce) {
  write_file(folder_ / "lines", "abc\nab\nx\nabc\nab\nab\n");
  ASSERT_TRUE(run({test_job("odd_lines"), "-q", "lines", "out", "-p2"}).ok());
  EXPECT_EQ(run({"cat", "out", "--side", "odd"}).out.substr(0, 31),
            "length\tabc\nlength\tx\nlength\tabc\n");
  const std::string rest = run({"cat", "out", "--side", "odd"}).out.substr(31);
  EXPECT_TRUE(rest == "number\tab\nnumber\tx\n" || rest == "number\tx\nnumber\tab\n") << rest;
  EXPECT_TRUE(run({"verify", "out"}).ok());
}

TEST_F(CommandTest, OutputThatIsTheStandardOutputIsPrintedInOrder) {
  const CommandResult result = run({job_, "in", "-", "-p", "5"});
  ASSERT_TRUE(run({job_, "in", "out", "-q", "-p", "5"}).ok());
  EXPECT_EQ(result.out, run({"cat", "out"}).out);
  EXPECT_NE(result.err.find("wrote the standard output (5 parts"), std::string::npos) << result.err;
  EXPECT_EQ(run({shipped_job("grep"), "-D", "pattern=two", "-q", "in", "-"}).out, "one two\ntwo\n");
  EXPECT_EQ(run({shipped_job("grep"), "-D", "pattern=none", "-q", "in", "-"}).out, "");
  std::string numbers;
  for (int i = 99'999; i >= 0; --i) numbers += std::to_string(i) + " a longer line of text\n";
  write_file(folder_ / "many", numbers);
  const std::vector<std::string> sorted = {shipped_job("sort"), "-q", "many", "-p", "7"};
  std::vector<std::string> streamed = sorted, kept = sorted;
  streamed.insert(streamed.end(), {"-", "-m", "34M"});
  kept.push_back("kept");
  ASSERT_TRUE(run(kept).ok());
  EXPECT_EQ(run(streamed).out, run({"cat", "kept"}).out);
}

TEST_F(CommandTest, AReaderThatReadsNothingDoesNotKeepARunFromStopping) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + " a line of some length\n";
  write_file(folder_ / "many", text);
  const CommandResult result = run_shell(
      "mkfifo pipe; sleep 30 <pipe & reader=$!; \"$MRUN\" sort -q many - >pipe & run=$!; sleep 1; "
      "kill -TERM $run; wait $run; echo $?; kill $reader");
  EXPECT_EQ(result.out, "143\n");
  EXPECT_LT(result.seconds, 10) << "it was the reader's end that ended it";
}

TEST_F(CommandTest, CompressedOutputReadsAsTheOther) {
  std::string text;
  for (int i = 0; i < 150'000; ++i) text += std::to_string(i * 7919LL % 150'000) + " a line\n";
  write_file(folder_ / "many", text);
  const std::string sort = shipped_job("sort");
  ASSERT_TRUE(run({sort, "-q", "many", "plain", "-p3"}).ok());
  const std::string expected = run({"cat", "plain"}).out;
  for (const std::string format : {"gzip", "zstd", "lz4"}) {
    const std::string suffix = format == "gzip" ? ".gz" : format == "zstd" ? ".zst" : ".lz4";
    ASSERT_TRUE(run({sort, "-q", "many", format, "-p3", "--compress", format, "-j1"}).ok());
    EXPECT_EQ(run({"cat", format}).out, expected);
    EXPECT_TRUE(run({"verify", format}).ok());
    const auto files = read_output(folder_ / format);
    ASSERT_TRUE(files.contains("part-00002" + suffix));
    EXPECT_LT(files.at("part-00002" + suffix).size(), text.size() / 6);
    const std::string other = format + "-34M";
    ASSERT_TRUE(
        run({sort, "-q", "many", other, "-p3", "--compress", format, "-j4", "-m", "34M"}).ok());
    EXPECT_TRUE(files == read_output(folder_ / other)) << "the same bytes for any memory";
    std::string damaged = files.at("part-00001" + suffix);
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    write_file(folder_ / format + "/part-00001" + suffix, damaged);
    expect_failure({"verify", format}, 8);
    expect_failure({"cat", format}, 8);
  }
  const CommandResult unpacked = run_shell("\"$MRUN\" sort -q many - --compress gzip | gzip -d");
  EXPECT_EQ(unpacked.out, expected);
}

TEST_F(CommandTest, OutputFormatChoosesWhatEndsARecord) {
  const auto output = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> all = arguments;
    all.insert(all.end(), {"-q", "in", "-"});
    return run(all).out;
  };
  using namespace std::string_literals;
  EXPECT_EQ(output({job_, "--output-format", "nul"}),
            "boom\t1\0line\t1\0one\t1\0the\t1\0two\t2\0"s);
  EXPECT_EQ(output({job_, "--output-format", "raw"}), "11112");
  EXPECT_EQ(output({shipped_job("grep"), "-D", "pattern=two", "--output-format", "nul"}),
            "one two\0two\0"s);
  EXPECT_EQ(output({shipped_job("distinct"), "--output-format", "raw"}), "one twothe boom linetwo");
  EXPECT_EQ(output({test_job("three_parts"), "--output-format", "text"}),
            output({test_job("three_parts")}));
}

TEST_F(CommandTest, ClosedStandardOutputOfCatIsQuiet) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + "\n";
  write_file(folder_ / "many", text);
  ASSERT_TRUE(run({shipped_job("sort"), "-q", "many", "out"}).ok());
  const CommandResult result = run_shell("\"$MRUN\" cat out | head -n 1");
  EXPECT_EQ(result.out, "0\n");
  EXPECT_EQ(result.err, "");
  const CommandResult streamed = run_shell("(\"$MRUN\" sort many - -q; echo $? >&2) | head -n 1");
  EXPECT_EQ(streamed.out, "0\n");
  EXPECT_EQ(streamed.err, "0\n");
}

}  // namespace
}  // namespace mrun::test_support
