// Goal: word count and sort agree with programs that were right for decades. Method: `sort`, `uniq
// -c` and `tr` under LC_ALL=C on the shipped texts and on random bytes.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

// Both put a newline behind a file that lacks one: `sort` by itself, the word count by `echo`.
constexpr const char* kSort = R"(sort "$@")";
constexpr const char* kWordCount =
    R"(for file; do cat "$file"; echo; done | tr -s '[:space:]' '\n' | sed '/^$/d' | sort | uniq -c |)"
    R"( sed -E 's/^ *([0-9]+) (.*)$/\2\t\1/' | sort)";

/// What a script prints, given files as its arguments.
std::string print_of(const char* script, const std::vector<std::string>& files) {
  std::vector<std::string> command{"/bin/sh", "-c", script, "sh"};
  command.insert(command.end(), files.begin(), files.end());
  CommandOptions options;
  options.environment = {"LC_ALL=C"};
  const CommandResult result = run_command(command, options);
  EXPECT_TRUE(result.ok()) << script << ": " << result.err;
  return result.out;
}

/// What `mrun cat` prints of a run of `job`.
std::string output_of(const std::string& job, std::vector<std::string> arguments,
                      const TempFolder& folder) {
  arguments.insert(arguments.begin(), {shipped_job(job), "-q", "--no-sync"});
  arguments.push_back(folder / "out");
  const CommandResult result = run_mrun(arguments);
  EXPECT_TRUE(result.ok()) << describe(arguments, result);
  std::string text = run_mrun({"cat", folder / "out"}).out;
  remove_tree(folder / "out");
  return text;
}

/// The lines of a hash-partitioned output in one order.
std::string sorted(const std::string& text, const TempFolder& folder) {
  write_file(folder / "unsorted", text);
  return print_of(kSort, {folder / "unsorted"});
}

std::vector<std::string> shipped_texts() {
  const std::string folder = source_folder() + "/samples/texts";
  std::vector<std::string> files;
  for (const std::string& name : names_in(folder)) {
    if (name.front() != '.' && name.front() != '_') files.push_back(folder + "/" + name);
  }
  return files;
}

TEST(AgainstCoreutils, SortOfTheShippedTexts) {
  TempFolder folder;
  const auto texts = shipped_texts();
  ASSERT_FALSE(texts.empty());
  EXPECT_TRUE(output_of("sort", texts, folder) == print_of(kSort, texts));
  EXPECT_TRUE(output_of("sort", {source_folder() + "/samples/texts", "-p", "5"}, folder) ==
              print_of(kSort, texts));
}

TEST(AgainstCoreutils, WordCountOfTheShippedTexts) {
  TempFolder folder;
  const auto texts = shipped_texts();
  ASSERT_FALSE(texts.empty());
  const std::string expected = print_of(kWordCount, texts);
  EXPECT_TRUE(output_of("wordcount", texts, folder) == expected);
  EXPECT_TRUE(
      sorted(output_of("wordcount", {source_folder() + "/samples/texts", "-p", "5"}, folder),
             folder) == expected);
}

TEST(AgainstCoreutils, RandomInputs) {
  const std::uint64_t cases = scaled(60);
  for (std::uint64_t index = 0; index < cases; ++index) {
    if (only_case() >= 0 && static_cast<std::uint64_t>(only_case()) != index) continue;
    SCOPED_TRACE("repeat with MRUN_TEST_SEED=" + std::to_string(test_seed()) +
                 " MRUN_TEST_CASE=" + std::to_string(index));
    TempFolder folder;
    Random random(case_seed(index));
    const std::vector<std::string> files{folder / "a", folder / "b"};
    for (const auto& file : files) write_file(file, random_text(random, random.below(20'000)));
    const std::vector<std::string> options{
        "-j",           std::to_string(random.between(1, 4)),
        "-p",           std::to_string(random.between(1, 4)),
        "--split-size", std::to_string(random.between(100, 5000))};
    std::vector<std::string> arguments = options;
    arguments.insert(arguments.end(), files.begin(), files.end());
    ASSERT_TRUE(output_of("sort", arguments, folder) == print_of(kSort, files));
    ASSERT_TRUE(sorted(output_of("wordcount", arguments, folder), folder) ==
                print_of(kWordCount, files));
  }
}

}  // namespace
}  // namespace mrun::test_support
