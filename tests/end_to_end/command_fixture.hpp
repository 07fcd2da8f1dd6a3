// CommandTest: a folder with a small input, and the built mrun run in it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"

namespace mrun::test_support {

class CommandTest : public testing::Test {
 protected:
  CommandTest() { write_file(folder_ / "in/text", "one two\ntwo\nthe boom line\n"); }

  CommandResult run(std::vector<std::string> arguments) {
    CommandOptions options;
    options.folder = folder_.path();
    return run_mrun(std::move(arguments), options);
  }
  /// The script finds the command in $MRUN.
  CommandResult run_shell(const std::string& script) {
    CommandOptions options;
    options.folder = folder_.path();
    options.environment = {"MRUN=" + mrun_path()};
    return run_command({"/bin/bash", "-c", script}, options);
  }
  /// Ends with `status`, and leaves no staging.
  void expect_failure(const std::vector<std::string>& arguments, int status) {
    const CommandResult result = run(arguments);
    EXPECT_EQ(result.exit_status, status) << describe(arguments, result);
    for (const std::string& name : names_in(folder_.path()))
      EXPECT_NE(name.rfind(".mrun", 0), 0u) << name;
  }
  void expect_word_count(const std::string& out) {
    EXPECT_EQ(run({"cat", out}).out, "boom\t1\nline\t1\none\t1\nthe\t1\ntwo\t2\n");
    EXPECT_TRUE(run({"verify", out}).ok());
  }

  const std::string job_ = shipped_job("wordcount");
  TempFolder folder_;
};

}  // namespace mrun::test_support
