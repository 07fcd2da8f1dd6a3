// Goal: defaults follow the machine, and every value that cannot work is named. Method: made-up
// machines.
#include "cli/resolve.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace mrun {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kGiB = 1 << 30;
const MachineFacts kMachine{4, 16 * kGiB, 8 * kGiB};

RawRun typed() {
  RawRun raw;
  raw.job = "job";
  raw.inputs = {"in"};
  raw.output = "out";
  return raw;
}

void expect_usage(const std::function<void(RawRun&)>& change, const std::string& words,
                  const MachineFacts& machine = kMachine) {
  RawRun raw = typed();
  change(raw);
  const Result<RunOptions> options = resolve(raw, {}, machine);
  ASSERT_FALSE(options) << words;
  EXPECT_EQ(options.error().code, Code::usage);
  EXPECT_NE(options.error().message.find(words), std::string::npos) << options.error().message;
}

TEST(Resolve, DefaultsFollowTheMachine) {
  const Result<RunOptions> options = resolve(typed(), {}, kMachine);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->threads, 4u);
  EXPECT_EQ(options->memory_bytes, 8 * kGiB / 100 * 80);
  EXPECT_FALSE(options->partitions || options->split_bytes);
  EXPECT_TRUE(options->tmp_dirs.empty());
  EXPECT_FALSE(options->tmp_limit_bytes);
  EXPECT_EQ(options->io, IoMode::automatic);
  EXPECT_FALSE(options->records);
  EXPECT_TRUE(options->sync);
  EXPECT_FALSE(options->overwrite);
}

TEST(Resolve, DefaultMemoryIsTheSmallerShare) {
  EXPECT_EQ(default_memory_bytes({1, 1000, 1000}), 600u);
  EXPECT_EQ(default_memory_bytes({1, 1000, 500}), 400u);
}

TEST(Resolve, TypedValuesWin) {
  RawRun raw = typed();
  raw.threads = "7";
  raw.memory = "25%";
  raw.partitions = "12";
  raw.split_size = "64K";
  raw.records = "fixed:100";
  raw.io = "pread";
  raw.tmp_dirs = {"/spill", "/other"};
  raw.tmp_limit = "1G";
  raw.compress_spill = "zstd";
  raw.no_sync = raw.overwrite = true;
  const Result<RunOptions> options = resolve(raw, {}, kMachine);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->threads, 7u);
  EXPECT_EQ(options->memory_bytes, 16 * kGiB / 100 * 25);
  EXPECT_EQ(options->partitions, 12u);
  EXPECT_EQ(options->split_bytes, 65536u);
  EXPECT_EQ(options->records->fixed_bytes, 100u);
  EXPECT_EQ(options->io, IoMode::pread);
  EXPECT_EQ(options->tmp_dirs, (std::vector<std::string>{"/spill", "/other"}));
  EXPECT_EQ(options->tmp_limit_bytes, kGiB);
  EXPECT_EQ(options->spill_compression, SpillCompression::zstd);
  EXPECT_FALSE(options->sync);
  EXPECT_TRUE(options->overwrite);
}

TEST(Resolve, SmallestMemoryIsTheLeastOfTheEngine) {
  RawRun raw = typed();
  raw.memory = "34M";
  EXPECT_EQ(resolve(raw, {}, kMachine)->memory_bytes, 34 * kMiB);
  expect_usage([](RawRun& r) { r.memory = "33M"; },
               "33 MiB (--memory is '33M'), and 34 MiB is the least");
  expect_usage([](RawRun&) {}, "and 34 MiB is the least", {1, 40 * kMiB, 40 * kMiB});
  expect_usage([](RawRun& r) { r.memory = "1%"; }, "34 MiB", {1, 100 * kMiB, 100 * kMiB});
}

TEST(Resolve, ThreadsAreBounded) {
  for (const char* wrong : {"0", "1025", "-1", "two", "4.0", "", "99999999999"})
    expect_usage([&](RawRun& r) { r.threads = wrong; }, "--threads");
  RawRun raw = typed();
  raw.threads = "1024";
  EXPECT_EQ(resolve(raw, {}, kMachine)->threads, 1024u);
}

TEST(Resolve, WrongValuesNameTheirOption) {
  expect_usage([](RawRun& r) { r.memory = "12x"; }, "--memory: '12x'");
  expect_usage([](RawRun& r) { r.compress_spill = "gzip"; }, "--compress-spill");
  expect_usage([](RawRun& r) { r.memory = "200%"; }, "--memory: '200%'");
  expect_usage([](RawRun& r) { r.partitions = "0"; }, "--partitions");
  expect_usage([](RawRun& r) { r.partitions = "65537"; }, "--partitions");
  expect_usage([](RawRun& r) { r.split_size = "0"; }, "--split-size");
  expect_usage([](RawRun& r) { r.split_size = "x"; }, "--split-size");
  expect_usage([](RawRun& r) { r.io = "magic"; }, "magic");
  expect_usage([](RawRun& r) { r.output = ""; }, "output");
  expect_usage([](RawRun& r) { r.tmp_dirs = {"a", ""}; }, "--tmp-dir");
  expect_usage([](RawRun& r) { r.tmp_limit = "much"; }, "--tmp-limit");
  expect_usage([](RawRun& r) { r.quiet = r.verbose = true; }, "--quiet and --verbose");
  expect_usage(
      [](RawRun& r) {
        r.io = "magic", r.variables = {{"--io", "MRUN_IO"}};
      },
      "MRUN_IO is 'magic'");
  for (const char* wrong : {"fixed:0", "fixed:", "fixed:-1", "fixed:1x", "fixed", "Lines", "",
                            "fixed:4294967296", "fixed:268435457"})
    expect_usage([&](RawRun& r) { r.records = wrong; }, "--records");
}

}  // namespace
}  // namespace mrun
