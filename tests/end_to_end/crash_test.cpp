// Goal: a job that takes the process with it is named. Method: one run each; a shell would print
// words of its own beside the message.
#include <csignal>
#include <string>

#include "end_to_end/command_fixture.hpp"

namespace mrun::test_support {
namespace {

TEST_F(CommandTest, CrashNamesJobTaskFileAndOffset) {
  if (under_sanitizer()) return;  // It has a report of its own.
  const std::string where = "\n  at: file 'in/text', offset 12 (map task 0)";
  const std::string hint =
      "\n  hint: run the job in the test kit (mrun/test.hpp) with -fsanitize=address; what this "
      "run "
      "left is swept by the next one to the same output\n";
  const CommandResult segv = run({test_job("throwing"), "-D", "how=segv", "in", "out"});
  EXPECT_EQ(segv.signal, SIGSEGV);
  EXPECT_EQ(
      segv.err,
      "mrun: error: job 'Throwing' crashed: it touched memory that is not its own, or filled its "
      "stack (SIGSEGV)" +
          where + hint);
  const CommandResult aborted = run({test_job("throwing"), "-D", "how=abort", "in", "out"});
  EXPECT_EQ(aborted.signal, SIGABRT);
  EXPECT_EQ(aborted.err,
            "mrun: error: job 'Throwing' crashed: it aborted (SIGABRT)" + where + hint);
  const CommandResult reduced =
      run({test_job("throwing"), "-D", "how=abort", "-D", "where=reduce", "in", "out"});
  EXPECT_NE(reduced.err.find("\n  at: reduce task 0\n"), std::string::npos) << reduced.err;
  EXPECT_FALSE(exists(folder_ / "out"));
}

TEST_F(CommandTest, AFullStackIsToldToo) {
  if (under_sanitizer()) return;
  const CommandResult result = run({test_job("throwing"), "-D", "how=recursion", "in", "out"});
  EXPECT_EQ(result.signal, SIGSEGV);
  EXPECT_NE(result.err.find("or filled its stack (SIGSEGV)\n  at: file 'in/text', offset 12"),
            std::string::npos)
      << result.err;
}

TEST_F(CommandTest, ExitIsNoEndOfARunWhereverAJobCallsIt) {
  for (const char* const where : {"where=setup", "where=finish", "where=reduce", "where=shared",
                                  "where=shape", "where=destructor", "where=thread"}) {
    const CommandResult result =
        run({test_job("throwing"), "-D", "how=exit", "-D", where, "in", "out"});
    EXPECT_EQ(result.exit_status, 7) << where << result.err;
    EXPECT_NE(result.err.find("called exit()"), std::string::npos) << where << result.err;
    remove_tree(folder_ / "out");  // The destructor runs after the commit.
  }
}

TEST_F(CommandTest, ExitOfTheJobIsNoEndOfTheRun) {
  const CommandResult result = run({test_job("throwing"), "-D", "how=exit", "in", "out"});
  EXPECT_EQ(result.exit_status, 7);
  EXPECT_EQ(result.err,
            "mrun: error: job 'Throwing' called exit()\n"
            "  at: file 'in/text', offset 12 (map task 0)\n"
            "  hint: a job ends a run with mrun::fail(\"why\")\n");
  EXPECT_FALSE(exists(folder_ / "out"));
}

}  // namespace
}  // namespace mrun::test_support
