// Goal: the command as a whole answers with the right status and streams, without a process of its
// own.
#include "cli/command_line.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/exit_status.hpp"

namespace mrun {
namespace {

struct Said {
  Ending ending;
  std::string out;
  std::string err;
};

/// `reads`: whether the reader of the standard output is still there.
Said run(const std::vector<std::string>& arguments, bool reads = true) {
  Said said;
  Console console;
  console.out = [&](std::string_view text) -> Result<bool> {
    if (reads) said.out += text;
    return reads;
  };
  console.err = [&](std::string_view text) { said.err += text; };
  said.ending = run_main(arguments, "/nowhere", console);
  return said;
}

TEST(CommandLine, HelpGoesToStandardOutput) {
  const Said said = run({"--help"});
  EXPECT_EQ(said.ending.status, 0);
  EXPECT_NE(said.out.find("--memory"), std::string::npos);
  EXPECT_EQ(said.err, "");
}

TEST(CommandLine, AReaderThatHasGoneIsQuiet) {
  const Said said = run({"--help"}, false);
  EXPECT_EQ(said.ending.status, 0);
  EXPECT_EQ(said.err, "");
}

TEST(CommandLine, UsageIsStatusTwoWithAHint) {
  const Said said = run({"job", "--thread", "in", "out"});
  EXPECT_EQ(said.ending.status, 2);
  EXPECT_EQ(said.out, "");
  EXPECT_EQ(said.err,
            "mrun: error: there is no option '--thread'\n  hint: did you mean '--threads'?\n");
}

TEST(CommandLine, MissingJobsAreStatusSeven) {
  EXPECT_EQ(run({"./missing.so", "in", "out"}).ending.status, 7);
  const Said said = run({"nosuchjob", "in", "out"});
  EXPECT_EQ(said.ending.status, 7);
  EXPECT_NE(said.err.find("there is no job 'nosuchjob'"), std::string::npos) << said.err;
}

TEST(CommandLine, WhatIsNoOutputIsStatusFour) {
  EXPECT_EQ(run({"verify", "/nowhere/at/all"}).ending.status, 4);
  EXPECT_EQ(run({"cat", "/nowhere/at/all"}).ending.status, 4);
}

TEST(CommandLine, MessagesHoldNoControlCharacters) {
  const Said said = run({"verify", "a\x1b[31m\nb"});
  EXPECT_NE(said.ending.status, 0);
  EXPECT_EQ(said.err.find('\x1b'), std::string::npos);
  EXPECT_NE(said.err.find("a\\x1b[31m\\nb"), std::string::npos) << said.err;
}

TEST(ExitStatus, IsTheDocumentedTable) {
  const std::vector<std::pair<Code, int>> table = {
      {Code::job_failed, 1}, {Code::usage, 2},  {Code::input, 4},     {Code::output, 5},
      {Code::limit, 6},      {Code::plugin, 7}, {Code::integrity, 8}, {Code::cancelled, 75}};
  for (const auto& [code, status] : table) EXPECT_EQ(static_cast<int>(exit_status(code)), status);
}

}  // namespace
}  // namespace mrun
