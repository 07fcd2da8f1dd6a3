// Libraries in C, of another compiler, and of an earlier day: loaded as files, run in the test kit,
// and run by the command itself.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "mrun/test.hpp"

namespace {

const std::string kText =
    "a b a\n\nthe same word of more than sixteen letters: abcdefghijklmnopqrst a\r\n"
    "\tabcdefghijklmnopqrst\n";
const std::string kCounts =
    "a\t3\nabcdefghijklmnopqrst\t2\nb\t1\nletters:\t1\nmore\t1\nof\t1\nsame\t1\nsixteen\t1\n"
    "than\t1\nthe\t1\nword\t1\n";

/// The library's jobs. It stays loaded, as in mrun.
const mrun_plugin* load(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    ADD_FAILURE() << dlerror();
    return nullptr;
  }
  using Entry = const mrun_plugin* (*)(const mrun_host*);
  void* const symbol = dlsym(library, "mrun_plugin_v1");
  if (symbol == nullptr) {
    ADD_FAILURE() << dlerror();
    return nullptr;
  }
  return reinterpret_cast<Entry>(symbol)(nullptr);
}

void expect_counts_in_the_kit(const std::string& path) {
  const mrun_plugin* const plugin = load(path);
  ASSERT_NE(nullptr, plugin);
  mrun::test::PluginRun run(plugin);
  run.input(kText);
  EXPECT_EQ(kCounts, run.output()) << run.error();
  EXPECT_EQ("", run.difference_between_ways());
}

/// What `mrun LIBRARY input out` writes.
std::string output_of_the_command(const std::string& library) {
  char name[] = "/tmp/mrun-contract-XXXXXX";
  if (mkdtemp(name) == nullptr) return "no folder";
  const std::filesystem::path folder = name;
  std::ofstream(folder / "input.txt") << kText;
  const std::string command = std::string(MRUN_EXECUTABLE) + " -q " + library + " " +
                              (folder / "input.txt").string() + " " + (folder / "out").string() +
                              " 2>" + (folder / "messages").string();
  const int status = system(command.c_str());
  std::ostringstream text;
  std::ifstream file(folder / (status == 0 ? "out/part-00000" : "messages"));
  text << file.rdbuf();
  std::filesystem::remove_all(folder);
  return text.str();
}

TEST(Contract, RunsTheLibraryFrozenWithTheHeader) { expect_counts_in_the_kit(MRUN_FIXTURE); }

TEST(Contract, RunsAJobInPlainC) { expect_counts_in_the_kit(MRUN_SAMPLE_FOLDER "/wordcount_c.so"); }

TEST(Contract, RunsAJobOfAnotherCompiler) {
  if (!std::filesystem::exists(MRUN_OTHER_COMPILER_LIBRARY)) {
    GTEST_SKIP() << "no second compiler was found when the build was configured";
  }
  expect_counts_in_the_kit(MRUN_OTHER_COMPILER_LIBRARY);
}

TEST(Contract, IsHeldByTheShippedJob) {
  expect_counts_in_the_kit(MRUN_PLUGIN_FOLDER "/wordcount.so");
}

TEST(Contract, HoldsInTheCommandForAllOfThem) {
  for (const char* const library :
       {MRUN_FIXTURE, MRUN_SAMPLE_FOLDER "/wordcount_c.so", MRUN_OTHER_COMPILER_LIBRARY,
        MRUN_PLUGIN_FOLDER "/wordcount.so"}) {
    if (!std::filesystem::exists(library)) continue;  // of the other compiler; said above
    EXPECT_EQ(kCounts, output_of_the_command(library)) << library;
  }
}

}  // namespace
