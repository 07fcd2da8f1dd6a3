// The examples of the guide for job authors compile, and those of the README do.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"

namespace mrun::test_support {
namespace {

/// The C++ examples of a page that make a whole job.
std::vector<std::string> jobs_in(const std::string& page) {
  const std::string begin = "```cpp\n", end = "```\n";
  std::vector<std::string> jobs;
  for (std::size_t at = 0; (at = page.find(begin, at)) != std::string::npos;) {
    at += begin.size();
    const std::string code = page.substr(at, page.find(end, at) - at);
    if (code.find("MRUN_JOB(") != std::string::npos) jobs.push_back(code);
  }
  return jobs;
}

TEST(Guide, ExamplesCompileAndRun) {
  const std::string source = MRUN_SOURCE_FOLDER;
  const TempFolder folder;
  write_file(folder / "in", "a\t1\t2\nb\t3\t4\n");
  write_file(folder / "stop", "a\n");
  std::size_t number = 0;
  for (const std::string page : {"/include/mrun/README.md", "/README.md"})
    for (const std::string& job : jobs_in(read_file(source + page))) {
      const std::string name = folder / ("job" + std::to_string(number++));
      write_file(name + ".cpp", job);
      const CommandResult built =
          run_command({MRUN_COMPILER, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fPIC",
                       "-shared", "-I", source + "/include", name + ".cpp", "-o", name + ".so"},
                      {});
      ASSERT_TRUE(built.ok()) << job << built.err;
      std::vector<std::string> arguments = {name + ".so", folder / "in", name, "-q"};
      if (job.find("\"list\"") != std::string::npos)
        arguments.insert(arguments.end(), {"-D", "list=" + (folder / "stop")});
      const CommandResult ran = run_mrun(arguments, {});
      EXPECT_TRUE(ran.ok()) << job << ran.err;
      EXPECT_NE(run_mrun({"cat", name}, {}).out, "") << job;
    }
  EXPECT_GE(number, 6u);
}

}  // namespace
}  // namespace mrun::test_support
