// An installation holds what users and authors of jobs need. Method: install into a temporary
// folder, build the same job in each documented way against it, and let the installed mrun run it
// beside the shipped word count; build programs that read tables, and have them read a table of it.
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

  /// Both programs print what the installed mrun does of a table that it has written.
  void expect_read_tables(const std::string& lookup, const std::string& values) {
    const std::string text = source_folder() + "/samples/texts/psalms.txt", out = folder_ / "table";
    run({prefix_ + "/bin/mrun", "wordcount", text, out, "-q", "-p1", "--output-format", "table"});
    const std::vector<std::string> words{"the", "Selah", "nowhere", "harp"};
    std::vector<std::string> get{prefix_ + "/bin/mrun", "get", out}, look{lookup, out};
    get.insert(get.end(), words.begin(), words.end());
    look.insert(look.end(), words.begin(), words.end());
    const CommandResult wanted = run_command(get), found = run_command(look);
    EXPECT_NE(wanted.out.find("the\t"), std::string::npos);
    EXPECT_TRUE(found.ok()) << describe(look, found);
    EXPECT_EQ(found.out, wanted.out);
    const CommandResult all = run_command({values, out + "/part-00000"});
    EXPECT_TRUE(all.ok()) << all.err;
    EXPECT_EQ(all.out, run_command({prefix_ + "/bin/mrun", "scan", out}).out);
    EXPECT_EQ(run_command({values, text}).exit_status, 1);
  }

  TempFolder folder_;
  const std::string prefix_ = folder_ / "prefix";
  const std::string source_ = source_folder() + "/tests/install/project";
  /// A program that uses a library under a sanitizer is under it, too.
  const std::string sanitize_ = MRUN_SANITIZE_OPTION;
  const std::string tables_ = source_folder() + "/tests/install/tables";
};

TEST_F(Installation, HoldsProgramJobsHeadersAndPackages) {
  for (const char* name :
       {"/lib/mrun/wordcount.so", "/lib/mrun/sort.so", "/lib/mrun/grep.so",
        "/include/mrun/plugin.h", "/include/mrun/mrun.hpp", "/lib/cmake/mrun/mrun-config.cmake",
        "/lib/pkgconfig/mrun.pc", "/include/mrun/table.h", "/include/mrun/table.hpp",
        "/lib/libmrun-table.so", "/lib/pkgconfig/mrun-table.pc"}) {
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

TEST_F(Installation, BuildsReadersOfTablesThroughFindPackage) {
  const std::string build = folder_ / "build";
  run({MRUN_CMAKE, "-S", tables_, "-B", build, "-G", "Ninja",
       std::string("-DCMAKE_CXX_COMPILER=") + MRUN_CXX,
       std::string("-DCMAKE_C_COMPILER=") + MRUN_CC, "-DCMAKE_PREFIX_PATH=" + prefix_,
       "-DCMAKE_CXX_FLAGS=" + sanitize_, "-DCMAKE_C_FLAGS=" + sanitize_});
  run({MRUN_CMAKE, "--build", build});
  expect_read_tables(build + "/lookup", build + "/values");
}

TEST_F(Installation, BuildsReadersOfTablesThroughPkgConfig) {
  CommandOptions options;
  options.environment = {"PKG_CONFIG_PATH=" + prefix_ + "/lib/pkgconfig"};
  const std::string lookup = folder_ / "lookup", values = folder_ / "values";
  // An installation outside the system's folders is found by the program's own search path.
  const std::string flags =
      " $(pkg-config --cflags --libs mrun-table) -Wl,-rpath," + prefix_ + "/lib -o '";
  run({"/bin/sh", "-c",
       std::string(MRUN_CXX) + " -std=c++20 " + sanitize_ + " '" + tables_ + "/lookup.cpp'" +
           flags + lookup + "'"},
      options);
  run({"/bin/sh", "-c",
       std::string(MRUN_CC) + " -std=c11 " + sanitize_ + " '" + tables_ + "/values.c'" + flags +
           values + "'"},
      options);
  expect_read_tables(lookup, values);
}

}  // namespace
}  // namespace mrun::test_support
