// The examples of include/mrun/TABLES.md, built in the documented way, read what mrun wrote; the
// library exports its C face and nothing else.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"

namespace mrun::test_support {
namespace {

/// The examples of the page in a language.
std::vector<std::string> examples(const std::string& page, const std::string& language) {
  const std::string begin = "```" + language + "\n", end = "```\n";
  std::vector<std::string> found;
  for (std::size_t at = 0; (at = page.find(begin, at)) != std::string::npos;) {
    at += begin.size();
    found.push_back(page.substr(at, page.find(end, at) - at));
  }
  return found;
}

class TableLibrary : public testing::Test {
 protected:
  /// Builds the program and returns its path.
  std::string build(const std::string& compiler, const std::string& standard,
                    const std::string& suffix, const std::string& code) {
    const std::string name = folder_ / ("program" + std::to_string(programs_++));
    write_file(name + suffix, code);
    std::vector<std::string> command = {compiler, standard, "-Wall", "-Wextra", "-Werror"};
    if (const std::string option = MRUN_SANITIZE_OPTION; !option.empty()) command.push_back(option);
    command.insert(command.end(), {"-I", source_folder() + "/include", name + suffix, "-o", name,
                                   "-L" + library_, "-lmrun-table", "-Wl,-rpath," + library_});
    const CommandResult built = run_command(command, {});
    EXPECT_TRUE(built.ok()) << code << built.err;
    return name;
  }
  void make_output(const std::string& text) {
    write_file(folder_ / "in", text);
    const CommandResult made = run_mrun({shipped_job("wordcount"), folder_ / "in", folder_ / "out",
                                         "-q", "--output-format", "table"},
                                        {});
    ASSERT_TRUE(made.ok()) << made.err;
  }

  TempFolder folder_;
  const std::string library_ = std::string(MRUN_BUILD_FOLDER) + "/lib";
  const std::string page_ = read_file(source_folder() + "/include/mrun/TABLES.md");
  int programs_ = 0;
};

TEST_F(TableLibrary, CppExamplesReadWhatMrunWrote) {
  make_output("to be or not to be\n");
  const std::vector<std::string> programs = examples(page_, "cpp");
  ASSERT_EQ(programs.size(), 2u);
  const std::string lookup = build(MRUN_COMPILER, "-std=c++20", ".cpp", programs[0]);
  EXPECT_EQ(run_command({lookup, folder_ / "out", "to", "question", "or"}, {}).out,
            "to\t2\nor\t1\n");
  const CommandResult none = run_command({lookup, folder_ / "in", "to"}, {});
  EXPECT_EQ(none.exit_status, 1);
  EXPECT_NE(none.err.find("is no finished output of mrun"), std::string::npos) << none.err;
  const std::string keys = build(MRUN_COMPILER, "-std=c++20", ".cpp", programs[1]);
  EXPECT_EQ(run_command({keys, folder_ / "out/part-00000", "n"}, {}).out,
            "not\n4 pairs, 1 before\n");
  const CommandResult text = run_command({keys, folder_ / "in", "n"}, {});
  EXPECT_EQ(text.exit_status, 1);
  EXPECT_NE(text.err.find("is not a table"), std::string::npos) << text.err;
}

TEST_F(TableLibrary, CExampleReadsWhatMrunWrote) {
  write_file(folder_ / "in", "b\t2\nb\t\na\nb\t1\tx\n");
  const CommandResult made = run_mrun({test_job("concatenate_in_order"), folder_ / "in",
                                       folder_ / "out", "-q", "--output-format", "table"},
                                      {});
  ASSERT_TRUE(made.ok()) << made.err;
  const std::string text = run_mrun({"cat", folder_ / "out"}, {}).out;
  const std::vector<std::string> programs = examples(page_, "c");
  ASSERT_EQ(programs.size(), 1u);
  const std::string values = build(MRUN_C_COMPILER, "-std=c11", ".c", programs[0]);
  const std::string key = text.substr(0, text.find_first_of("\t\n"));
  const CommandResult read = run_command({values, folder_ / "out/part-00000", key}, {});
  EXPECT_TRUE(read.ok()) << read.err;
  EXPECT_EQ(read.out, text.substr(key.size() + 1, text.find('\n') - key.size()));
  EXPECT_EQ(run_command({values, folder_ / "missing", "a"}, {}).exit_status, 1);
}

TEST_F(TableLibrary, ExportsItsCFaceAlone) {
  const CommandResult symbols =
      run_command({"/usr/bin/nm", "-D", "--defined-only", library_ + "/libmrun-table.so"}, {});
  ASSERT_TRUE(symbols.ok()) << symbols.err;
  std::size_t at = 0, count = 0;
  while (at < symbols.out.size()) {
    const std::string line = symbols.out.substr(at, symbols.out.find('\n', at) - at);
    EXPECT_NE(line.find(" mrun_table_"), std::string::npos) << line;
    at += line.size() + 1;
    ++count;
  }
  EXPECT_GT(count, 15u);
}

}  // namespace
}  // namespace mrun::test_support
