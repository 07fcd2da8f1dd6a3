// Goal: a job that throws, says no, or is no job at all ends the run with its own exit status, and
// the message says where. Method: one run each.
#include <csignal>
#include <string>
#include <vector>

#include "end_to_end/command_fixture.hpp"

namespace mrun::test_support {
namespace {

TEST_F(CommandTest, ThrowInMapNamesTaskFileOffsetAndRecord) {
  expect_failure({test_job("throwing"), "in", "out"}, 7,
                 {"the job has thrown", "map task", "in/text", "12", "the boom line"});
  expect_failure({test_job("throwing"), "-D", "how=integer", "in", "out"}, 7,
                 {"in/text", "the boom line"});
  EXPECT_FALSE(exists(folder_ / "out"));
}

TEST_F(CommandTest, ThrowElsewhereIsStatusSeven) {
  for (const char* where : {"where=setup", "where=finish", "where=reduce"}) {
    expect_failure({test_job("throwing"), "-D", where, "in", "out"}, 7,
                   {"the job has thrown", "task"});
  }
  EXPECT_FALSE(exists(folder_ / "out"));
}

TEST_F(CommandTest, JobThatSaysNoIsStatusOne) {
  for (const char* where : {"where=map", "where=finish", "where=reduce"}) {
    expect_failure({test_job("throwing"), "-D", "how=fail", "-D", where, "in", "out"}, 1,
                   {"the job says no"});
  }
  EXPECT_FALSE(exists(folder_ / "out"));
}

TEST_F(CommandTest, CrashNamesJobTaskFileAndOffset) {
  if (under_sanitizer()) return;  // It has a report of its own.
  const std::string where = "map task 0, file 'in/text', byte 12";
  const std::string hint =
      "\n  hint: run the job in the test kit (mrun/test.hpp) with -fsanitize=address; what this "
      "run "
      "left is swept by the next one to the same output\n";
  const CommandResult segv = run({test_job("throwing"), "-D", "how=segv", "in", "out"});
  EXPECT_EQ(segv.signal, SIGSEGV);
  EXPECT_EQ(
      segv.err,
      "mrun: error: job 'Throwing' crashed: it touched memory that is not its own (SIGSEGV) (" +
          where + ")" + hint);
  const CommandResult aborted = run({test_job("throwing"), "-D", "how=abort", "in", "out"});
  EXPECT_EQ(aborted.signal, SIGABRT);
  EXPECT_EQ(aborted.err,
            "mrun: error: job 'Throwing' crashed: it aborted (SIGABRT) (" + where + ")" + hint);
  const CommandResult reduced =
      run({test_job("throwing"), "-D", "how=abort", "-D", "where=reduce", "in", "out"});
  EXPECT_NE(reduced.err.find("(reduce task 0)"), std::string::npos) << reduced.err;
  EXPECT_FALSE(exists(folder_ / "out"));
}

TEST_F(CommandTest, ExitOfTheJobIsNoEndOfTheRun) {
  const CommandResult result = run({test_job("throwing"), "-D", "how=exit", "in", "out"});
  EXPECT_EQ(result.exit_status, 7);
  EXPECT_EQ(result.err,
            "mrun: error: job 'Throwing' called exit() (map task 0, file 'in/text', byte 12)\n"
            "  hint: a job ends a run with mrun::fail(\"why\")\n");
  EXPECT_FALSE(exists(folder_ / "out"));
}

TEST_F(CommandTest, SameFailureIsReportedAtAnyWidth) {
  std::string text;
  for (int i = 0; i < 2000; ++i)
    text += i % 700 == 699 ? "boom " + std::to_string(i) + "\n" : "line\n";
  write_file(folder_ / "many", text);
  std::string first;
  for (const char* threads : {"-j1", "-j2", "-j8"}) {
    const CommandResult result =
        run({test_job("throwing"), "-q", threads, "--split-size", "500", "many", "out"});
    EXPECT_EQ(result.exit_status, 7);
    if (first.empty()) first = result.err;
    EXPECT_EQ(result.err, first);
  }
  EXPECT_NE(first.find("boom 699"), std::string::npos) << first;
}

TEST_F(CommandTest, MissingJobIsStatusSeven) {
  expect_failure({"./nowhere.so", "in", "out"}, 7, {"nowhere.so"});
  expect_failure({"nosuchjob", "in", "out"}, 7, {"nosuchjob"});
}

TEST_F(CommandTest, ForeignLibrariesAreRefusedBeforeAnyOfTheirCodeRuns) {
  const auto expect_refusal = [&](const std::string& library,
                                  const std::vector<std::string>& words) {
    CommandOptions options;
    options.folder = folder_.path();
    options.environment = {"MRUN_TEST_TRACE=" + (folder_ / "trace")};
    for (const auto& arguments :
         std::vector<std::vector<std::string>>{{library, "in", "out"}, {"info", library}}) {
      const CommandResult result = run_mrun(arguments, options);
      EXPECT_EQ(result.exit_status, 7) << describe(arguments, result);
      for (const auto& word : words)
        EXPECT_NE(result.err.find(word), std::string::npos) << word << " in " << result.err;
      EXPECT_FALSE(exists(folder_ / "trace")) << "a constructor of the library has run";
    }
  };
  expect_refusal(test_job("foreign"), {"mrun_plugin_v1"});
  expect_refusal(test_job("other_major"), {"mrun_plugin_v2"});

  write_file(folder_ / "text.so", "not a library");
  expect_refusal("./text.so", {"text.so"});
  write_file(folder_ / "empty.so", "");
  expect_refusal("./empty.so", {"empty.so"});
  std::string cut = read_file(job_);
  write_file(folder_ / "cut.so", cut.substr(0, cut.size() / 3));
  expect_refusal("./cut.so", {"cut.so"});
  // e_machine of an ELF header: another processor's library.
  cut[18] = '\x28';
  write_file(folder_ / "machine.so", cut);
  expect_refusal("./machine.so", {"machine.so"});
}

}  // namespace
}  // namespace mrun::test_support
