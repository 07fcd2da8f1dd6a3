// Whether what a run needs finds room: what is clearly too much fails, what is tight is told.
#include "engine/disk_room.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::Random;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

enum class Verdict : std::uint8_t { enough, tight, none };

Verdict verdict_of(const RunDisks& disks, const DiskNeeds& needs) {
  const auto judged = judge_room(disks, needs);
  if (!judged) {
    EXPECT_EQ(judged.error().code, Code::output);
    EXPECT_FALSE(judged.error().hint.empty());
    return Verdict::none;
  }
  return judged->empty() ? Verdict::enough : Verdict::tight;
}

TEST(DiskRoom, AQuarterDecides) {
  const RunDisks disks{{{1, "/tmp", 12 * kGiB}}, Disk{2, "/out", 100 * kGiB}, UINT64_MAX};
  EXPECT_EQ(verdict_of(disks, {9 * kGiB, kGiB}), Verdict::enough);
  EXPECT_EQ(verdict_of(disks, {10 * kGiB, kGiB}), Verdict::tight);
  EXPECT_EQ(verdict_of(disks, {16 * kGiB, kGiB}), Verdict::tight);
  EXPECT_EQ(verdict_of(disks, {17 * kGiB, kGiB}), Verdict::none);
  EXPECT_EQ(verdict_of(disks, {0, 200 * kGiB}), Verdict::none);
}

TEST(DiskRoom, BothTogetherMustFitWhereTheyShareADisk) {
  const RunDisks shared{{{1, "/out", 10 * kGiB}}, Disk{1, "/out", 10 * kGiB}, UINT64_MAX};
  EXPECT_EQ(verdict_of(shared, {4 * kGiB, 3 * kGiB}), Verdict::enough);
  EXPECT_EQ(verdict_of(shared, {7 * kGiB, 7 * kGiB}), Verdict::none);
  const RunDisks apart{{{2, "/tmp", 10 * kGiB}}, Disk{1, "/out", 10 * kGiB}, UINT64_MAX};
  EXPECT_EQ(verdict_of(apart, {7 * kGiB, 7 * kGiB}), Verdict::enough);
}

TEST(DiskRoom, SeveralFoldersAddUpWithoutCountingADiskTwice) {
  RunDisks disks{{{1, "/a", 6 * kGiB}, {2, "/b", 6 * kGiB}}, std::nullopt, UINT64_MAX};
  EXPECT_EQ(verdict_of(disks, {9 * kGiB, 0}), Verdict::enough);
  EXPECT_EQ(verdict_of(disks, {20 * kGiB, 0}), Verdict::none);
  const test_support::TempFolder folder;
  const auto looked = RunDisks::look({folder.path(), folder.path()}, folder.path());
  ASSERT_TRUE(looked);
  EXPECT_EQ(looked->scratch.size(), 1u);
  EXPECT_EQ(looked->scratch.front().device, looked->output->device);
}

TEST(DiskRoom, TheMessageSaysWhatIsNeededWhatIsFreeAndWhatToChange) {
  const RunDisks disks{{{1, "/a", kGiB}, {2, "/b", kGiB}}, std::nullopt, UINT64_MAX};
  const auto judged = judge_room(disks, {8 * kGiB, 0});
  ASSERT_FALSE(judged);
  for (const char* words : {"8 GiB", "2 GiB", "'/a' and '/b'"})
    EXPECT_NE(judged.error().message.find(words), std::string::npos) << judged.error().message;
  for (const char* words : {"--tmp-dir", "--memory", "--compress-spill", "filter"})
    EXPECT_NE(judged.error().hint.find(words), std::string::npos) << judged.error().hint;
}

TEST(DiskRoom, TheLimitOfScratchFilesIsALimit) {
  const RunDisks disks{{{1, "/a", 100 * kGiB}}, std::nullopt, kGiB};
  EXPECT_TRUE(judge_room(disks, {kGiB, 0}));
  const auto judged = judge_room(disks, {2 * kGiB, 0});
  ASSERT_FALSE(judged);
  EXPECT_EQ(judged.error().code, Code::limit);
  EXPECT_NE(judged.error().hint.find("--tmp-limit"), std::string::npos);
}

}  // namespace
}  // namespace mrun
