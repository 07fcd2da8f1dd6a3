// An installation holds what users and authors of jobs need. Method: install into a temporary
// folder, build the same job in each documented way against it, and let the installed mrun run it
// beside the shipped word count.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"

namespace mrun::test_support {
namespace {

class Installation : public ::testing::Test {
 protected:
  void SetUp() override {
    run({MRUN_CMAKE, "--install", MRUN_BUILD_FOLDER, "--prefix", prefix_});
    ASSERT_TRUE(exists(prefix_ + "/bin/mrun"));
  }

  void run(const std::vector<std::string>& command, const CommandOptions& options = {}) {
    const CommandResult result = run_command(command, options);
    ASSERT_TRUE(result.ok()) << describe(command, result);
  }

  // The job's output on a shipped text equals that of the shipped word count.
  void expect_counts_words(const std::string& library) {
    const std::string text = source_folder() + "/samples/texts/psalms.txt";
    run({prefix_ + "/bin/mrun", library, text, folder_ / "by_library"});
    run({prefix_ + "/bin/mrun", "wordcount", text, folder_ / "by_name"});
    const std::string counted = read_file(folder_ / "by_library/part-00000");
    EXPECT_FALSE(counted.empty());
    EXPECT_EQ(counted, read_file(folder_ / "by_name/part-00000"));
  }

  TempFolder folder_;
  const std::string prefix_ = folder_ / "prefix";
  const std::string source_ = source_folder() + "/tests/install/project";
};

TEST_F(Installation, HoldsProgramJobsHeadersAndPackages) {
  for (const char* name : {"/lib/mrun/wordcount.so", "/lib/mrun/sort.so", "/lib/mrun/grep.so",
                           "/include/mrun/plugin.h", "/include/mrun/mrun.hpp",
                           "/lib/cmake/mrun/mrun-config.cmake", "/lib/pkgconfig/mrun.pc"}) {
    EXPECT_TRUE(exists(prefix_ + name)) << name;
  }
}

TEST_F(Installation, BuildsAJobThroughFindPackage) {
  const std::string build = folder_ / "build";
  run({MRUN_CMAKE, "-S", source_, "-B", build, "-G", "Ninja",
       std::string("-DCMAKE_CXX_COMPILER=") + MRUN_CXX, "-DCMAKE_PREFIX_PATH=" + prefix_});
  run({MRUN_CMAKE, "--build", build});
  expect_counts_words(build + "/my_job.so");
}

TEST_F(Installation, BuildsAJobThroughPkgConfig) {
  CommandOptions options;
  options.environment = {"PKG_CONFIG_PATH=" + prefix_ + "/lib/pkgconfig"};
  const std::string library = folder_ / "my_job.so";
  run({"/bin/sh", "-c",
       std::string(MRUN_CXX) + " -std=c++20 -O2 -fPIC -shared $(pkg-config --cflags mrun) '" +
           source_ + "/my_job.cpp' -o '" + library + "'"},
      options);
  expect_counts_words(library);
}

TEST_F(Installation, BuildsAJobByHand) {
  const std::string library = folder_ / "my_job.so";
  run({MRUN_CXX, "-std=c++20", "-O2", "-fPIC", "-shared", "-I" + prefix_ + "/include",
       source_ + "/my_job.cpp", "-o", library});
  expect_counts_words(library);
}

}  // namespace
}  // namespace mrun::test_support
