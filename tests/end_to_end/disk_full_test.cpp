// Goal: a full disk ends a run cleanly, wherever it fills up, and says what to change (P6); a disk
// that is clearly too small ends it before its first map. Method: file systems in memory of many
// sizes, under sorted runs, under the output, and under the standard output.
#include <gtest/gtest.h>

#include <string>

#include "support/command.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

class DiskFull : public testing::Test {
 protected:
  void SetUp() override {
    // Not every machine lets a test mount a file system; the same faults are injected in
    // disk_forecast_test and scratch_space_test.
    if (run_shell("unshare -rm mount -t tmpfs none /mnt").exit_status != 0)
      GTEST_SKIP() << "no file system can be mounted here";
    run_shell("seq -f 'key%.0f 1' 20000 >pairs; seq 100000 >many; mkdir small");
  }

  CommandResult run_shell(const std::string& command) {
    CommandOptions options;
    options.folder = folder_.path();
    options.environment = {"MRUN=" + mrun_path(), "JOBS=" MRUN_TEST_PLUGIN_FOLDER, "LC_ALL=C"};
    return run_command({"/bin/bash", "-c", command}, options);
  }

  /// Runs `command` with a file system of `kib` KiB at "small"; prints what is there afterwards.
  CommandResult run_on_disk(std::uint64_t kib, const std::string& command) {
    return run_shell("unshare -rm bash -c 'mount -t tmpfs -o size=" + std::to_string(kib) +
                     "k none small && { " + command + "; status=$?; ls -A small; exit $status; }'");
  }

  /// The run ended well, or with one clean error, and left nothing.
  void expect_clean(const CommandResult& result, const std::string& left_by_success) {
    EXPECT_TRUE(result.exit_status == 0 || result.exit_status == 5) << result.err;
    if (result.exit_status == 0) {
      EXPECT_EQ(result.out, left_by_success);
    } else {
      EXPECT_EQ(result.out, "") << "it left something behind";
      EXPECT_NE(result.err.find("mrun: error: "), std::string::npos) << result.err;
      EXPECT_NE(result.err.find("free"), std::string::npos) << result.err;
    }
    for (const std::string& name : names_in(folder_.path()))
      EXPECT_FALSE(name.starts_with(".mrun")) << name;
    remove_tree(folder_ / "out");
  }

  TempFolder folder_;
};

/// 20 sizes, each about half again as large as the one before.
std::vector<std::uint64_t> sizes_kib() {
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t kib = 40; sizes.size() < 20; kib += kib / 2) sizes.push_back(kib);
  return sizes;
}

TEST_F(DiskFull, OfSortedRunsIsOneCleanError) {
  int failed = 0;
  for (const std::uint64_t kib : sizes_kib()) {
    SCOPED_TRACE(kib);
    const CommandResult result =
        run_on_disk(kib,
                    "\"$MRUN\" \"$JOBS/concatenate.so\" pairs out -q -m 34M -j2 -T small -D "
                    "repeat=50");
    expect_clean(result, "");
    if (result.exit_status == 0) continue;
    ++failed;
    EXPECT_NE(result.err.find("--tmp-dir"), std::string::npos) << result.err;
  }
  EXPECT_GT(failed, 3);
  EXPECT_LT(failed, 20) << "some size is enough";
}

TEST_F(DiskFull, OfTheOutputIsOneCleanError) {
  int failed = 0;
  for (const std::uint64_t kib : sizes_kib()) {
    SCOPED_TRACE(kib);
    const CommandResult result = run_on_disk(kib, "\"$MRUN\" sort many small/out -q");
    expect_clean(result, "out\n");
    failed += result.exit_status == 0 ? 0 : 1;
  }
  EXPECT_GT(failed, 3);
  EXPECT_LT(failed, 20);
}

TEST_F(DiskFull, OfTheStandardOutputIsOneCleanError) {
  int failed = 0;
  for (const std::uint64_t kib : sizes_kib()) {
    SCOPED_TRACE(kib);
    const CommandResult result =
        run_on_disk(kib,
                    "\"$MRUN\" sort many - -q >small/printed; status=$?; rm small/printed; "
                    "(exit $status)");
    EXPECT_TRUE(result.exit_status == 0 || result.exit_status == 5) << result.err;
    EXPECT_EQ(result.out, "");
    failed += result.exit_status == 0 ? 0 : 1;
  }
  EXPECT_GT(failed, 3);
  EXPECT_LT(failed, 20);
}

TEST_F(DiskFull, IsFoundBeforeTheFirstMapWhereItIsClearlyTooSmall) {
  run_shell("seq 4000000 >more");
  const CommandResult result = run_on_disk(2000, "\"$MRUN\" sort more out -m 34M -j2 -T small");
  EXPECT_EQ(result.exit_status, 5);
  for (const char* words : {"this run needs about ", "of disk in 'small'", " are free", "--tmp-dir",
                            "--memory", "--compress-spill"})
    EXPECT_NE(result.err.find(words), std::string::npos) << result.err;
}

TEST_F(DiskFull, OfOneFolderLeavesItForAnother) {
  const CommandResult alone = run_shell(
      "\"$MRUN\" \"$JOBS/concatenate.so\" pairs out -q -m 34M -j2 -D repeat=50; \"$MRUN\" cat out "
      "| md5sum; rm -r out");
  run_shell("mkdir large");
  const CommandResult result = run_on_disk(
      1000,
      "\"$MRUN\" \"$JOBS/concatenate.so\" pairs out -q -m 34M -j2 -T small -T large -D repeat=50; "
      "\"$MRUN\" cat out | md5sum");
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.out, alone.out);
}

}  // namespace
}  // namespace mrun::test_support
