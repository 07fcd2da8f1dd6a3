// Goal: what is beyond 32 bits is normal (P13): records of a file, values of a key, bytes of a
// record and of a key, on both sides of each border. Method: files that are holes, so that they
// take no disk: zeros are either records without bytes, ended by NUL, or one long record of lines.
// The numbers that come out are known. What fits in less time stands in
// tests/engine/merge_passes_test.cpp (runs) and tests/end_to_end/input_limits_test.cpp.
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"

namespace mrun::test_support {
namespace {

constexpr std::uint64_t kTwoTo31 = std::uint64_t{1} << 31;
constexpr std::uint64_t kTwoTo32 = std::uint64_t{1} << 32;

class BigCounts : public testing::Test {
 protected:
  /// A file of `size_bytes` zeros that takes no room.
  void make_hole(std::uint64_t size_bytes) {
    write_file(folder_ / "in", "");
    std::filesystem::resize_file(folder_ / "in", size_bytes);
  }
  CommandResult run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-q", "--no-sync", "in", "out"});
    CommandOptions options;
    options.folder = folder_.path();
    options.measure_memory = true;
    options.timeout = std::chrono::hours(9);
    remove_tree(folder_ / "out");
    const CommandResult result = run_mrun(arguments, options);
    std::cout << describe(arguments, result) << ": " << result.seconds << " s, "
              << (result.peak_anonymous_bytes >> 20) << " MiB" << std::endl;
    return result;
  }
  std::string printed() {
    CommandOptions options;
    options.folder = folder_.path();
    return run_mrun({"cat", "out"}, options).out;
  }

  TempFolder folder_;
};

TEST_F(BigCounts, RecordsAreCountedBeyondTwoToThe32) {
  for (const std::uint64_t records : {kTwoTo32 - 1, kTwoTo32, kTwoTo32 + 1}) {
    make_hole(records);
    // One thread: one combine table takes all of them.
    const CommandResult result = run(
        {shipped_job("distinct"), "-D", "count", "--records", "nul", "-j1", "--memory", "256M"});
    ASSERT_TRUE(result.ok()) << result.err;
    EXPECT_EQ(printed(), "\t" + std::to_string(records) + "\n");
    EXPECT_NE(read_file(folder_ / "out/_SUCCESS").find(std::to_string(records)), std::string::npos);
  }
}

TEST_F(BigCounts, ValuesOfAKeyAreReducedBeyondTwoToThe31) {
  for (const std::uint64_t values : {kTwoTo31 - 1, kTwoTo31 + 1}) {
    make_hole(values);
    const CommandResult result =
        run({test_job("concatenate"), "--records", "nul", "-p1", "--memory", "256M"});
    ASSERT_TRUE(result.ok()) << result.err;
    EXPECT_TRUE(printed().starts_with("\t" + std::to_string(values) + "\t")) << printed();
  }
}

TEST_F(BigCounts, RecordsAreSortedBeyondTwoToThe32) {
  constexpr std::uint64_t kRecords = kTwoTo32 + 1;
  make_hole(kRecords);
  const CommandResult result =
      run({shipped_job("sort"), "--records", "nul", "-p1", "--memory", "1G"});
  ASSERT_TRUE(result.ok()) << result.err;
  EXPECT_EQ(std::filesystem::file_size(folder_ / "out/part-00000"), kRecords);
}

TEST_F(BigCounts, RecordsOfAnySizeAreSearchedAtFourGibibytes) {
  for (const std::uint64_t size : {kTwoTo32 - 1, kTwoTo32, kTwoTo32 + 1}) {
    make_hole(size);
    const CommandResult result = run({shipped_job("grep"), "-D", "pattern=a", "-D", "invert", "-D",
                                      "count", "--records", "lines"});
    ASSERT_TRUE(result.ok()) << result.err;
    EXPECT_EQ(printed(), "1\n");
  }
}

TEST_F(BigCounts, KeysEndBelowFourGibibytes) {
  for (const std::uint64_t size : {kTwoTo32 - 1, kTwoTo32}) {
    make_hole(size);
    const CommandResult result = run({shipped_job("wordcount"), "-p1", "-j1", "--memory", "12G"});
    if (size < kTwoTo32) {
      ASSERT_TRUE(result.ok()) << result.err;
      EXPECT_EQ(std::filesystem::file_size(folder_ / "out/part-00000"), size + 3);
    } else {
      EXPECT_EQ(result.exit_status, 6);
      EXPECT_NE(result.err.find("emitted a key or value of 4 GiB or more"), std::string::npos)
          << result.err;
    }
  }
}

}  // namespace
}  // namespace mrun::test_support
