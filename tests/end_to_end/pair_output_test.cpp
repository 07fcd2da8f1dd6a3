// Outputs in the formats table and kv hold what the text would: `mrun cat` prints the same bytes,
// whatever the job's types, and damage is found.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "end_to_end/command_fixture.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

class PairOutputTest : public CommandTest {
 protected:
  PairOutputTest() {
    Random random(std::random_device{}());
    write_file(folder_ / "words/a", random_words(random, 200 << 10, 5000));
    write_file(folder_ / "words/b", random_words(random, 100 << 10, 500));
    std::string rows;
    for (int i = 0; i < 20'000; ++i)
      rows += std::to_string(i * 7919 % 3001 - 1500) + "\t" + std::to_string(i % 977 - 400) + "." +
              std::to_string(i % 7) + "\n";
    write_file(folder_ / "rows", rows);
  }

  /// The job's output as text and, by `cat`, in the other formats is the same.
  void expect_same_text(const std::vector<std::string>& job, const std::string& input) {
    const auto run_to = [&](const std::string& out, const std::vector<std::string>& options) {
      std::vector<std::string> arguments = job;
      arguments.insert(arguments.end(), {input, out, "-q", "--overwrite", "--no-sync"});
      arguments.insert(arguments.end(), options.begin(), options.end());
      const CommandResult result = run(arguments);
      ASSERT_TRUE(result.ok()) << describe(arguments, result);
    };
    ASSERT_NO_FATAL_FAILURE(run_to("text", {}));
    const std::string expected = run({"cat", "text"}).out;
    EXPECT_FALSE(expected.empty());
    for (const std::vector<std::string>& options :
         {std::vector<std::string>{"--output-format", "table"},
          {"--output-format", "table", "--compress", "zstd"},
          {"--output-format", "table", "--compress", "none"},
          {"--output-format", "kv"}}) {
      ASSERT_NO_FATAL_FAILURE(run_to("pairs", options));
      EXPECT_TRUE(run({"cat", "pairs"}).out == expected) << job.front() << " " << options.back();
      const CommandResult verified = run({"verify", "pairs"});
      EXPECT_TRUE(verified.ok()) << verified.err;
    }
  }
};

TEST_F(PairOutputTest, CatPrintsWhatTheTextFormatWrites) {
  using Job = std::vector<std::string>;
  expect_same_text({job_, "-p3"}, "words");
  expect_same_text({shipped_job("sort"), "-p2"}, "words");
  expect_same_text({shipped_job("sort"), "-D", "key=2,2nr", "-D", "separator=tab"}, "rows");
  expect_same_text({shipped_job("index")}, "words");
  expect_same_text({shipped_job("distinct"), "-D", "count"}, "words");
  for (const char* job : {"real_keys", "signed_keys", "unsigned_keys"})
    expect_same_text(Job{test_job(job), "-p2"}, "rows");
  for (const char* job : {"file_names", "files_of_words", "concatenate_in_order", "three_parts"})
    expect_same_text(Job{test_job(job)}, "words");
}

TEST_F(PairOutputTest, OwnReduceThatKeepsTheOrderOfKeysBecomesATable) {
  // sum writes its groups in the order of the text of their keys.
  expect_same_text({shipped_job("sum"), "-D", "by=1", "-D", "sum=2"}, "rows");
}

TEST_F(PairOutputTest, EmptyOutputIsATable) {
  write_file(folder_ / "nothing", "");
  for (const std::string format : {"table", "kv"}) {
    ASSERT_TRUE(run({job_, "nothing", format, "-q", "--output-format", format, "-p2"}).ok());
    EXPECT_EQ(run({"cat", format}).out, "");
    EXPECT_TRUE(run({"verify", format}).ok());
  }
}

TEST_F(PairOutputTest, DamageIsFoundByCat) {
  for (const std::string format : {"table", "kv"}) {
    ASSERT_TRUE(run({job_, "words", format, "-q", "--output-format", format, "-p1"}).ok());
    const std::string part = folder_ / format + "/part-00000";
    const std::string whole = read_file(part);
    for (const std::size_t at : {std::size_t{20}, whole.size() / 2, whole.size() - 1}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 4);
      write_file(part, damaged);
      expect_failure({"cat", format}, 8);
      expect_failure({"verify", format}, 8);
    }
    write_file(part, whole.substr(0, whole.size() / 3));
    expect_failure({"cat", format}, 8);
    remove_tree(part);
    expect_failure({"cat", format}, 8);
  }
}

TEST_F(PairOutputTest, IsNeverReadAsText) {
  for (const std::string format : {"table", "kv"}) {
    ASSERT_TRUE(run({job_, "words", format, "-q", "--output-format", format}).ok());
    expect_failure({job_, format, "next", "-q"}, 4);
    expect_failure({job_, format + "/part-00000", "next", "-q"}, 4);
  }
}

}  // namespace
}  // namespace mrun::test_support
