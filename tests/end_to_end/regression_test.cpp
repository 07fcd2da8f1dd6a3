// Bugs that were found once, each in the smallest run that showed it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

class Regression : public testing::Test {
 protected:
  std::string output_of(std::vector<std::string> arguments) {
    CommandOptions options;
    options.folder = folder_.path();
    options.timeout = std::chrono::seconds(100);
    arguments.insert(arguments.begin() + 1, {"-q", "--no-sync"});
    arguments.push_back("out");
    const CommandResult result = run_mrun(arguments, options);
    EXPECT_TRUE(result.ok()) << describe(arguments, result);
    manifest_ = result.ok() ? read_file(folder_ / "out/_SUCCESS") : "";
    const std::string text = run_mrun({"cat", "out"}, options).out;
    remove_tree(folder_ / "out");
    return text;
  }

  TempFolder folder_;
  std::string manifest_;
};

// A batch that refers to more bytes than the budget waited for ever for memory.
TEST_F(Regression, LinesLongerThanTheMemoryAreSortedWhereTheyLie) {
  const std::string a(std::size_t{50} << 20, 'a'), b(std::size_t{20} << 20, 'b');
  write_file(folder_ / "in", b + "\n" + a + "\nshort\n");
  const std::string sorted = output_of({shipped_job("sort"), "--memory", "34M", "in"});
  EXPECT_TRUE(sorted == a + "\n" + b + "\nshort\n");
}

// The table's hash seed, new in every process, decided where a fold that rounds was cut.
TEST_F(Regression, FoldsThatRoundGiveTheSameBytesAtEqualMemoryAndSplits) {
  Random random(test_seed());
  std::string text;
  const std::uint64_t lines = scaled(400000);
  for (std::uint64_t i = 0; i < lines; ++i)
    text += "key" + std::to_string(random.below(30000)) + "\t0." +
            std::to_string(random.below(1000000)) + "\n";
  write_file(folder_ / "in", text);
  for (const std::string memory : {"64M", "1G"}) {
    std::string first;
    for (const std::string threads : {"-j1", "-j2", "-j2", "-j7"}) {
      const std::string now = output_of(
          {test_job("rounding_fold"), "--memory", memory, "--split-size", "64M", threads, "in"});
      if (first.empty()) first = now;
      ASSERT_TRUE(now == first) << memory << " " << threads << ": MRUN_TEST_SEED=" << test_seed();
    }
  }
}

// A group of the empty key in front of others was not counted.
TEST_F(Regression, TheEmptyKeyIsAGroup) {
  write_file(folder_ / "in", "\na\nb\n");
  EXPECT_EQ(output_of({shipped_job("sort"), "in"}), "\na\nb\n");
  EXPECT_NE(manifest_.find("\"groups\": 3"), std::string::npos) << manifest_;
}

// A part file became one of them, and the summary was written into it.
TEST_F(Regression, ClosedStandardDescriptorsAreNotUsedForFiles) {
  write_file(folder_ / "in", "a b a\n");
  CommandOptions options;
  options.folder = folder_.path();
  const auto run_closed = [&](const std::string& input, const std::string& output) {
    return run_command({"/bin/sh", "-c", "exec \"$0\" \"$@\" <&- >&- 2>&-", mrun_path(),
                        shipped_job("wordcount"), input, output},
                       options);
  };
  EXPECT_EQ(run_closed("in", "out").exit_status, 0);
  EXPECT_TRUE(run_mrun({"verify", "out"}, options).ok());
  EXPECT_EQ(run_mrun({"cat", "out"}, options).out, "a\t2\nb\t1\n");
  EXPECT_EQ(run_closed("-", "out2").exit_status, 4);
}

}  // namespace
}  // namespace mrun::test_support
