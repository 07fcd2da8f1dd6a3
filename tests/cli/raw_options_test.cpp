// Goal: what was typed arrives as it was typed, whatever names files have.
#include "cli/raw_options.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mrun {
namespace {

using Words = std::vector<std::string>;

RawRun run_of(const Words& words) {
  Result<RawCommand> command = parse_arguments(words);
  if (!command) {
    ADD_FAILURE() << testing::PrintToString(words) << ": " << command.error().message;
    return {};
  }
  const auto* run = std::get_if<RawRun>(&*command);
  EXPECT_NE(run, nullptr) << testing::PrintToString(words);
  return run != nullptr ? *run : RawRun{};
}

void expect_usage(const Words& words, const Words& parts) {
  const Result<RawCommand> command = parse_arguments(words);
  ASSERT_FALSE(command) << testing::PrintToString(words);
  EXPECT_EQ(command.error().code, Code::usage);
  const std::string said = command.error().message + " " + command.error().hint;
  for (const std::string& part : parts)
    EXPECT_NE(said.find(part), std::string::npos) << part << " in " << said;
}

TEST(RawOptions, RunIsTheDefaultCommand) {
  for (const Words& words : {Words{"job", "a", "b", "out"}, Words{"run", "job", "a", "b", "out"}}) {
    const RawRun run = run_of(words);
    EXPECT_EQ(run.job, "job");
    EXPECT_EQ(run.inputs, (Words{"a", "b"}));
    EXPECT_EQ(run.output, "out");
    EXPECT_FALSE(run.threads || run.memory || run.overwrite || run.quiet);
  }
}

TEST(RawOptions, OptionsMayStandAnywhere) {
  const RawRun run = run_of({"-j4", "job", "-m", "1G", "in", "--io=mmap", "-p", "7", "-q", "out",
                             "--no-sync", "--stats", "--split-size", "64K", "--records",
                             "fixed:100", "-T", "/tmp", "--overwrite"});
  EXPECT_EQ(run.threads, "4");
  EXPECT_EQ(run.memory, "1G");
  EXPECT_EQ(run.io, "mmap");
  EXPECT_EQ(run.partitions, "7");
  EXPECT_EQ(run.split_size, "64K");
  EXPECT_EQ(run.records, "fixed:100");
  EXPECT_EQ(run.tmp_dirs, Words{"/tmp"});
  EXPECT_TRUE(run.quiet && run.no_sync && run.stats && run.overwrite);
  EXPECT_FALSE(run.verbose);
  EXPECT_EQ(run.inputs, Words{"in"});
  EXPECT_EQ(run.output, "out");
}

TEST(RawOptions, TheLastOfARepeatedOptionCounts) {
  EXPECT_EQ(run_of({"-j4", "--threads", "8", "job", "in", "out", "-j2"}).threads, "2");
}

TEST(RawOptions, ParametersKeepTheirOrderAndBytes) {
  const RawRun run = run_of(
      {"job", "-D", "a=-1", "-Db=[x,y]", "in", "-D", "c", "out", "-D", "d=a=b c", "-D", "e="});
  EXPECT_EQ(run.params, (Words{"a=-1", "b=[x,y]", "c", "d=a=b c", "e="}));
  EXPECT_EQ(run.inputs, Words{"in"});
}

TEST(RawOptions, FileNamesAreTakenAsTheyAre) {
  const Words odd = {"[a,b]", "info", "cat", "-",     "a b", "new\nline", "\xff\xfe",
                     "%%",    "++",   "{x}", "\"q\"", "a=b", ""};
  for (const std::string& name : odd) {
    const RawRun run = run_of({"job", name, "second", "out"});
    EXPECT_EQ(run.inputs, (Words{name, "second"})) << name;
    EXPECT_EQ(run_of({"job", "in", name.empty() ? "x" : name}).output, name.empty() ? "x" : name);
  }
}

TEST(RawOptions, NamesWithADashGoAfterTwoDashes) {
  const RawRun run = run_of({"-q", "job", "--", "-in", "--", "--help", "-out"});
  EXPECT_EQ(run.inputs, (Words{"-in", "--", "--help"}));
  EXPECT_EQ(run.output, "-out");
  EXPECT_TRUE(run.quiet);
  expect_usage({"job", "-in", "out"}, {"-i", "--"});
}

TEST(RawOptions, OtherCommandsTakeOneWord) {
  const auto parse = [](const Words& words) { return parse_arguments(words); };
  EXPECT_EQ(std::get<RawInfo>(*parse({"info", "job"})).job, "job");
  EXPECT_EQ(std::get<RawCat>(*parse({"cat", "--", "-out"})).output, "-out");
  EXPECT_TRUE(std::get<RawVerify>(*parse({"verify", "out", "-q"})).quiet);
}

TEST(RawOptions, HelpNamesEveryOptionAndCommand) {
  for (const Words& words : {Words{"--help"}, Words{"-h"}, Words{"help"}, Words{"run", "--help"},
                             Words{"job", "in", "-h"}}) {
    const Result<RawCommand> command = parse_arguments(words);
    ASSERT_TRUE(command);
    const std::string& text = std::get<RawText>(*command).text;
    for (const char* part : {"--threads", "--memory", "--partitions", "--tmp-dir", "--split-size",
                             "--records", "--io", "--overwrite", "--no-sync", "--stats", "-D",
                             "--quiet", "--verbose", "info", "verify", "cat"})
      EXPECT_NE(text.find(part), std::string::npos) << part;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      EXPECT_LE(end - begin, 90u) << text.substr(begin, end - begin);
      begin = end + 1;
    }
  }
}

TEST(RawOptions, HelpOfACommandIsThatOfItsOption) {
  const auto text = [](const Words& words) {
    return std::get<RawText>(*parse_arguments(words)).text;
  };
  for (const std::string command : {"run", "info", "verify", "cat"})
    EXPECT_EQ(text({"help", command}), text({command, "--help"}));
  EXPECT_EQ(text({"help", "help"}), text({"--help"}));
}

TEST(RawOptions, FlagsTakeTrueAndFalse) {
  EXPECT_FALSE(run_of({"job", "in", "out", "--overwrite=false"}).overwrite);
  EXPECT_TRUE(run_of({"job", "in", "out", "--overwrite=1", "-q", "-q"}).overwrite);
  EXPECT_TRUE(run_of({"job", "in", "out", "--dry-run"}).explain);
}

TEST(RawOptions, VersionIsOneLine) {
  const Words words = {"--version"};
  const std::string text = std::get<RawText>(*parse_arguments(words)).text;
  EXPECT_TRUE(text.starts_with("mrun "));
  EXPECT_EQ(text.find('\n'), text.size() - 1);
}

}  // namespace
}  // namespace mrun
