// Goal: the command's promises to its user: how it is called, where output may lie, and what it
// says where all goes well (errors are the business of error_text_test.cpp). Method: one run each.
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "end_to_end/command_fixture.hpp"

namespace mrun::test_support {
namespace {

namespace fs = std::filesystem;

TEST_F(CommandTest, RunIsTheDefaultCommand) {
  ASSERT_TRUE(run({job_, "-q", "in", "out"}).ok());
  expect_word_count("out");
  ASSERT_TRUE(run({"run", job_, "-q", "in", "out2"}).ok());
  expect_word_count("out2");
}

TEST_F(CommandTest, ShippedJobIsFoundByItsName) {
  const CommandResult result = run({"wordcount", "-q", "in", "out"});
  ASSERT_TRUE(result.ok()) << result.err;
  expect_word_count("out");
}

TEST_F(CommandTest, JobInTheCurrentFolderNeedsNoSlash) {
  fs::copy_file(job_, folder_ / "mine.so");
  const CommandResult result = run({"mine.so", "-q", "in", "out"});
  ASSERT_TRUE(result.ok()) << result.err;
  expect_word_count("out");
}

TEST_F(CommandTest, HelpAndVersionSucceed) {
  EXPECT_NE(run({"--help"}).out.find("--memory"), std::string::npos);
  EXPECT_NE(run({"--version"}).out.find("mrun"), std::string::npos);
}

TEST_F(CommandTest, QuietRunPrintsNothingAndOthersASummary) {
  const CommandResult quiet = run({job_, "-q", "in", "out"});
  EXPECT_EQ(quiet.out + quiet.err, "");
  const CommandResult loud = run({job_, "in", "out2"});
  EXPECT_FALSE((loud.out + loud.err).empty());
}

TEST_F(CommandTest, StatsNameEveryPhase) {
  const CommandResult result = run({job_, "--stats", "in", "out"});
  ASSERT_TRUE(result.ok()) << result.err;
  for (const char* phase : {"map", "reduce", "commit"}) {
    EXPECT_NE((result.out + result.err).find(phase), std::string::npos) << phase;
  }
}

TEST_F(CommandTest, FinishedOutputHasTheUsualPermissions) {
  ASSERT_TRUE(run({job_, "-q", "in", "out"}).ok());
  const ::mode_t mask = ::umask(022);
  ::umask(mask);
  struct ::stat folder {};
  struct ::stat part {};
  ASSERT_EQ(::stat((folder_ / "out").c_str(), &folder), 0);
  ASSERT_EQ(::stat((folder_ / "out/part-00000").c_str(), &part), 0);
  EXPECT_EQ(folder.st_mode & 0777u, 0777u & ~mask);
  EXPECT_EQ(part.st_mode & 0777u, 0666u & ~mask);
}

// ----- where output may lie

TEST_F(CommandTest, EmptyOutputFolderIsTaken) {
  fs::create_directories(folder_ / "out");
  ASSERT_TRUE(run({job_, "-q", "in", "out"}).ok());
  expect_word_count("out");
}

TEST_F(CommandTest, OverwriteReplacesOnlyAnEarlierOutput) {
  write_file(folder_ / "out/mine", "precious");
  write_file(folder_ / "file", "precious");
  for (const char* const taken : {"out", "file"}) {
    expect_failure({job_, "in", taken}, 5);
    expect_failure({job_, "--overwrite", "in", taken}, 5);
  }
  EXPECT_EQ(read_file(folder_ / "out/mine"), "precious");
  EXPECT_EQ(read_file(folder_ / "file"), "precious");

  ASSERT_TRUE(run({test_job("copy_lines"), "-q", "in", "out2"}).ok());
  ASSERT_TRUE(run({job_, "-q", "--overwrite", "in", "out2"}).ok());
  expect_word_count("out2");
  EXPECT_EQ(names_in(folder_.path()), (std::vector<std::string>{"file", "in", "out", "out2"}));
}

TEST_F(CommandTest, OverwriteOfNothingIsAPlainRun) {
  ASSERT_TRUE(run({job_, "-q", "--overwrite", "in", "out"}).ok());
  expect_word_count("out");
}

TEST_F(CommandTest, FailedOverwriteLeavesTheOldOutput) {
  ASSERT_TRUE(run({job_, "-q", "in", "out"}).ok());
  expect_failure({test_job("throwing"), "--overwrite", "in", "out"}, 7);
  expect_word_count("out");
}

TEST_F(CommandTest, InputMayBeAPipeOfTheShellOrAFileWithoutAName) {
  const CommandResult result = run_shell(
      "\"$MRUN\" wordcount -p1 -q <(echo a b) out && exec 3<>gone && echo b >&3 && rm gone && "
      "\"$MRUN\" wordcount -p1 -q /dev/fd/3 <(echo c) more");
  EXPECT_TRUE(result.ok()) << result.err;
  EXPECT_EQ(run({"cat", "out"}).out, "a\t1\nb\t1\n");
  EXPECT_EQ(run({"cat", "more"}).out, "b\t1\nc\t1\n");
}

TEST_F(CommandTest, OutputNameMayHaveAnyBytes) {
  for (const std::string& name :
       {std::string("new\nline"), std::string("a b"), std::string("\xff"), std::string(255, 'o')}) {
    const CommandResult result = run({job_, "-q", "in", name});
    ASSERT_TRUE(result.ok()) << testing::PrintToString(name) << result.err;
    expect_word_count(name);
  }
}

TEST_F(CommandTest, TrailingSlashOfTheOutputIsIgnored) {
  ASSERT_TRUE(run({job_, "-q", "in", "out/"}).ok());
  expect_word_count("out");
}

// ----- options and parameters

TEST_F(CommandTest, SmallestMemoryIsEnough) {
  ASSERT_TRUE(run({job_, "-q", "-m", "34MiB", "-j8", "in", "out"}).ok());
  expect_word_count("out");
}

TEST_F(CommandTest, ParametersReachTheJob) {
  ASSERT_TRUE(run({test_job("parameters"), "-q", "-D", "number=-42", "-D", "flag", "-D",
                   "factor=1e-3", "-D", "needed=a=b c", "in", "out"})
                  .ok());
  EXPECT_EQ(lines_of(run({"cat", "out"}).out).front(), "-42\ttrue\t0.001\ta=b c\tone two");
}

TEST_F(CommandTest, InfoShowsWhatAJobDeclares) {
  const CommandResult result = run({"info", test_job("parameters")});
  ASSERT_TRUE(result.ok()) << result.err;
  for (const char* word : {"shows its parameters", "number", "-1", "a real number", "needed"}) {
    EXPECT_NE(result.out.find(word), std::string::npos) << word << " in " << result.out;
  }
}

// ----- what a run spills, says and takes from around it

TEST_F(CommandTest, TmpLimitEndsARunThatSpillsMore) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "key" + std::to_string(i * 7919 % 20'000) + " 1\n";
  write_file(folder_ / "pairs", text);
  fs::create_directories(folder_ / "a");
  fs::create_directories(folder_ / "b");
  const std::vector<std::string> spilling = {test_job("concatenate"),
                                             "-m",
                                             "34M",
                                             "-T",
                                             "a",
                                             "-T",
                                             "b",
                                             "-D",
                                             "repeat=50",
                                             "pairs",
                                             "out"};
  std::vector<std::string> limited = spilling;
  limited.insert(limited.end() - 2, {"--tmp-limit", "1M"});
  expect_failure(limited, 6);
  EXPECT_TRUE(run(spilling).ok());
  EXPECT_EQ(names_in(folder_ / "a").size() + names_in(folder_ / "b").size(), 0u);
}

TEST_F(CommandTest, ExplainShowsThePlanAndWritesNothing) {
  const CommandResult result = run({job_, "in", "out", "--explain", "-p", "7", "-m", "64M"});
  EXPECT_TRUE(result.ok()) << result.err;
  for (const char* const words : {"1 file, 26 B", "1 of about", "parts      7", "64 MiB"})
    EXPECT_NE(result.out.find(words), std::string::npos) << words << " in " << result.out;
  EXPECT_EQ(names_in(folder_.path()), std::vector<std::string>{"in"});
  EXPECT_NE(run({shipped_job("sort"), "in", "out", "--dry-run", "--records", "whole"})
                .out.find("are not cut"),
            std::string::npos);
}

TEST_F(CommandTest, OptionsAreTakenFromTheEnvironment) {
  CommandOptions options;
  options.folder = folder_.path();
  options.environment = {"MRUN_PARTITIONS=3", "MRUN_QUIET=true", "MRUN_MEMORY=40M"};
  const CommandResult result = run_mrun({job_, "in", "out"}, options);
  EXPECT_TRUE(result.ok()) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(names_in(folder_ / "out"), (std::vector<std::string>{"_SUCCESS", "_mrun", "part-00000",
                                                                 "part-00001", "part-00002"}));
  EXPECT_TRUE(run_mrun({job_, "in", "typed", "-p", "1"}, options).ok());
  EXPECT_EQ(names_in(folder_ / "typed").size(), 3u) << "what is typed goes before";
  options.environment = {"MRUN_DRY_RUN=true"};
  EXPECT_NE(run_mrun({job_, "in", "not"}, options).out.find("would run"), std::string::npos);
}

TEST_F(CommandTest, WhatIsTypedGoesBeforeTheEnvironment) {
  CommandOptions options;
  options.folder = folder_.path();
  options.environment = {"MRUN_QUIET=true", "MRUN_OVERWRITE=true", "MRUN_JSON=true"};
  const CommandResult streamed = run_mrun({job_, "in", "-"}, options);
  EXPECT_TRUE(streamed.ok()) << streamed.err;
  EXPECT_NE(streamed.out.find("two\t2\n"), std::string::npos);
  const CommandResult verbose = run_mrun({job_, "in", "out", "-v"}, options);
  EXPECT_TRUE(verbose.ok()) << verbose.err;
  EXPECT_NE(verbose.err, "");
  const CommandResult explained = run_mrun({job_, "in", "out", "--explain"}, options);
  EXPECT_TRUE(explained.ok()) << explained.err;
}

TEST_F(CommandTest, ExplainSaysNoWhereTheRunWould) {
  EXPECT_EQ(run({test_job("odd_lines"), "in", "-"}).exit_status, 2);
  EXPECT_EQ(run({test_job("odd_lines"), "in", "-", "--explain"}).exit_status, 2);
}

TEST_F(CommandTest, SampleRunsOfAllShippedJobsSucceed) {
  CommandOptions options;
  options.environment = {"MRUN=" + mrun_path()};
  const CommandResult result =
      run_command({std::string(MRUN_SOURCE_FOLDER) + "/samples/runs.sh"}, options);
  EXPECT_TRUE(result.ok()) << result.err;
  EXPECT_EQ(result.err, "");
  for (const char* const line :
       {"Nice, France\t2\t10.25\t5.125\n", "\n31,Dora\n", "\n4,23,Bonn,100.00,\n"})
    EXPECT_NE(result.out.find(line), std::string::npos) << line << " in " << result.out;
}

TEST_F(CommandTest, CountersAreInTheManifestAndTheSummary) {
  write_file(folder_ / "pairs", "a 1\nb 2\na 3\nc 4\n");
  const CommandResult result = run({test_job("three_parts"), "pairs", "out"});
  ASSERT_TRUE(result.ok());
  EXPECT_NE((result.out + result.err).find("groups"), std::string::npos)
      << result.out << result.err;
  const std::string manifest = read_file(folder_ / "out/_SUCCESS");
  EXPECT_NE(manifest.find("\"groups\""), std::string::npos) << manifest;
}

TEST_F(CommandTest, TmpDirHoldsTheSpillAndIsEmptyAfterwards) {
  write_file(folder_ / "pairs", "a 1\nb 2\na 3\nc 4\n");
  fs::create_directories(folder_ / "spill");
  const CommandResult result = run({test_job("concatenate"), "--stats", "-m", "34M", "-T", "spill",
                                    "-D", "repeat=2000", "-D", "big=30000", "pairs", "out"});
  ASSERT_TRUE(result.ok()) << result.err;
  EXPECT_NE((result.out + result.err).find("spill"), std::string::npos);
  EXPECT_EQ(names_in(folder_ / "spill"), std::vector<std::string>{});
  EXPECT_EQ(names_in(folder_.path()), (std::vector<std::string>{"in", "out", "pairs", "spill"}));
}

}  // namespace
}  // namespace mrun::test_support
