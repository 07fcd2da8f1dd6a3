// Goal: a sort of lines of which nine of ten have one key writes the same bytes whoever shares that
// key's lines, in their input's order (P1, P2, P14). Method: fields of the shipped sort against
// `LC_ALL=C sort -s`; all in memory, in runs, and in runs that are merged before the last merge;
// each with 1, 2 and 8 threads, the manifests (pairs, groups) of which must be the same, too.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

struct Way {
  const char* name;
  std::uint64_t lines;
  std::uint64_t text_bytes;          ///< Of each line, about.
  std::vector<std::string> options;  ///< Memory and tasks.
  const char* partitions;
  std::uint64_t passes_least;
  bool spills;
};
void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

class HotKeySort : public testing::TestWithParam<Way> {
 protected:
  std::string print_of(const std::string& script) {
    CommandOptions options;
    options.folder = folder_.path();
    options.environment = {"LC_ALL=C", "MRUN=" + mrun_path()};
    const CommandResult result = run_command({"/bin/bash", "-c", script}, options);
    EXPECT_TRUE(result.ok()) << script << ": " << result.err;
    return result.out;
  }
  /// A number of the output's own record.
  std::uint64_t recorded(const std::string& out, const std::string& name) {
    const std::string record = print_of("cat " + out + "/_mrun/*");
    const std::size_t at = record.find("\"" + name + "\": ");
    return at == std::string::npos ? 0 : std::stoull(record.substr(at + name.size() + 4));
  }
  void write_lines() {
    Random random(test_seed());
    std::string text;
    for (std::uint64_t i = 0; i < GetParam().lines; ++i)
      text += (random.one_in(10) ? std::to_string(random.below(300)) + "-longer-than-a-prefix"
                                 : "hot") +
              ' ' + std::to_string(random.below(1'000'000)) +
              std::string(random.below(2 * GetParam().text_bytes), 'x') + '\n';
    // What a merge needs of each run goes by the largest pair, so that few runs are merged at once.
    if (GetParam().passes_least > 0) text += "hot " + std::string(2'000'000, '5') + '\n';
    write_file(folder_ / "lines", text);
  }

  TempFolder folder_;
};

TEST_P(HotKeySort, WritesWhatSortWritesWithAnyThreads) {
  write_lines();
  print_of("sort -s -k1,1 lines >sorted");
  // From a pipe, of which each KiB is a task.
  const bool passes = GetParam().passes_least > 0;
  for (const std::string threads : {"1", "2", "8"}) {
    std::string command = "$MRUN " + shipped_job("sort") + " " + (passes ? "-" : "lines") + " out" +
                          threads + " -D key=1,1 -q --no-sync -j" + threads + " -p" +
                          GetParam().partitions;
    for (const std::string& option : GetParam().options) command += " " + option;
    print_of(passes ? "cat lines | " + command : command);
    const std::string out = "out" + threads;
    EXPECT_EQ(print_of("$MRUN cat " + out + " | cmp - sorted && $MRUN verify -q " + out +
                       " && cmp out1/_SUCCESS " + out + "/_SUCCESS && echo same"),
              "same\n");
    EXPECT_EQ(recorded(out, "spilled_runs") > 0, GetParam().spills);
    EXPECT_GE(recorded(out, "merge_passes"), GetParam().passes_least);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Ways, HotKeySort,
    testing::Values(
        Way{"InMemory", 400'000, 40, {"-m512M", "--split-size=256K"}, "1", 0, false},
        Way{"InMemoryToThreeParts", 400'000, 40, {"-m512M"}, "3", 0, false},
        Way{"InRuns", 90'000, 1400, {"-m64M"}, "1", 0, true},
        Way{"InRunsToThreeParts", 90'000, 1400, {"-m64M"}, "3", 0, true},
        Way{"InRunsThatAreMergedFirst", 130'000, 1400, {"-m34M", "--split-size=1K"}, "1", 1, true}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace mrun::test_support
