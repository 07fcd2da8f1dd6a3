// Goal: scratch files give back what was written to them wherever their parts lie, use all folders,
// leave full ones, and keep to the limit. Method: disks of chosen sizes, and a string as the model.
#include "os/scratch_space.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/files.hpp"
#include "support/random.hpp"
#include "support/small_disks.hpp"

namespace mrun {
namespace {

using test_support::Random;
using test_support::SmallDisks;
using test_support::TempFolder;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kStripe = StripedFile::kStripeBytes;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string read_back(StorageFile& file, std::uint64_t offset, std::uint64_t size) {
  std::string bytes(size, '?');
  const auto read = file.read_at(std::as_writable_bytes(std::span(bytes)), offset);
  return read ? bytes : read.error().message;
}

TEST(ScratchSpace, OneFileKeepsAllFoldersBusy) {
  const TempFolder a, b, c;
  SmallDisks disks;
  ScratchSpace scratch(disks, {a.path(), b.path(), c.path()});
  const auto file = scratch.create();
  const std::string mebibyte(kMiB, 'x');
  for (std::uint64_t at = 0; at < 6 * kStripe; at += kMiB)
    ASSERT_TRUE(file->write_at(bytes_of(mebibyte), at));
  for (const TempFolder* folder : {&a, &b, &c}) EXPECT_EQ(disks.used(folder->path()), 2 * kStripe);
  EXPECT_EQ(scratch.used_bytes(), 6 * kStripe);
}

TEST(ScratchSpace, FilesBeginInDifferentFolders) {
  const TempFolder a, b;
  SmallDisks disks;
  ScratchSpace scratch(disks, {a.path(), b.path()});
  const auto one = scratch.create();
  const auto other = scratch.create();
  ASSERT_TRUE(one->write_at(bytes_of("1"), 0));
  ASSERT_TRUE(other->write_at(bytes_of("22"), 0));
  EXPECT_EQ(disks.used(a.path()), 1u);
  EXPECT_EQ(disks.used(b.path()), 2u);
}

TEST(ScratchSpace, LeavesAFullFolderInFavourOfOthersAndComesBackWhenItHasRoom) {
  const TempFolder a, b;
  SmallDisks disks;
  disks.set_room(a.path(), 3 * kMiB);
  ScratchSpace scratch(disks, {a.path(), b.path()});
  {
    const auto file = scratch.create();
    std::string all;
    for (int i = 0; i < 40; ++i) {
      all += std::string(kMiB - 7, static_cast<char>('A' + i));
      ASSERT_TRUE(file->write_at(bytes_of(all).last(kMiB - 7), all.size() - (kMiB - 7)));
    }
    EXPECT_LE(disks.used(a.path()), 3 * kMiB);
    EXPECT_GT(disks.used(a.path()), 2 * kMiB);
    EXPECT_TRUE(read_back(*file, 0, all.size()) == all);
  }
  EXPECT_EQ(disks.used(a.path()) + disks.used(b.path()), 0u);
  const auto next = scratch.create(), after = scratch.create();
  ASSERT_TRUE(next->write_at(bytes_of("1"), 0));
  ASSERT_TRUE(after->write_at(bytes_of("1"), 0));
  EXPECT_EQ(disks.used(a.path()), 1u) << "its room was given back";
}

TEST(StripedFile, GivesBackWhatWasWrittenHoweverSmallItsDisksAre) {
  constexpr std::uint64_t kBytes = 30'000, kHole = 72;
  for (std::uint64_t i = 0; i < test_support::scaled(300); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_support::test_seed()) + " case " +
                 std::to_string(i));
    Random random(test_support::case_seed(i));
    const TempFolder a, b, c;
    SmallDisks disks;
    disks.set_room(a.path(), random.below(kBytes / 4));
    if (random.one_in(2)) disks.set_room(b.path(), random.below(kBytes / 2));
    ScratchFolders folders(disks, {a.path(), b.path(), c.path()});
    StripedFile file(folders, random.below(3), random.between(100, 5000));
    std::string model;
    while (model.size() < kBytes) {
      // Sometimes a hole is left and filled later, as the writer of a run does.
      const std::uint64_t hole = model.size();
      if (random.one_in(3)) model += std::string(kHole, 'h');
      const std::string bytes(random.between(1, 3000), static_cast<char>(random.below(256)));
      ASSERT_TRUE(file.write_at(bytes_of(bytes), model.size()));
      if (model.size() > hole) {
        ASSERT_TRUE(file.write_at(bytes_of(model.substr(hole, kHole)), hole));
      }
      model += bytes;
    }
    for (int k = 0; k < 40; ++k) {
      const std::uint64_t from = random.below(model.size());
      const std::uint64_t size = random.below(model.size() - from);
      ASSERT_TRUE(read_back(file, from, size) == model.substr(from, size));
    }
  }
}

TEST(ScratchSpace, FullDisksAreOneErrorThatSaysHowMuchLiesThereAndWhatToChange) {
  const TempFolder a, b;
  SmallDisks disks;
  disks.set_room(a.path(), 2 * kMiB);
  disks.set_room(b.path(), 3 * kMiB);
  ScratchSpace scratch(disks, {a.path(), b.path()});
  scratch.expect(50 * kMiB);
  const auto file = scratch.create();
  const std::string mebibyte(kMiB, 'x');
  Result<void> written;
  std::uint64_t size = 0;
  for (; written && size < 20 * kMiB; size += kMiB)
    written = file->write_at(bytes_of(mebibyte), size);
  ASSERT_FALSE(written);
  EXPECT_EQ(size, 6 * kMiB) << "all room of both was used before";
  EXPECT_EQ(written.error().code, Code::output);
  EXPECT_TRUE(file->out_of_room());
  for (const std::string& part : {a.path(), b.path(), std::string("of about 50 MiB")})
    EXPECT_NE(written.error().message.find(part), std::string::npos) << written.error().message;
  for (const char* flag : {"--tmp-dir", "--memory", "--compress-spill"})
    EXPECT_NE(written.error().hint.find(flag), std::string::npos) << written.error().hint;
}

TEST(ScratchSpace, AFolderThatFailsOtherwiseFailsTheWrite) {
  const TempFolder a;
  SmallDisks disks;
  ScratchSpace scratch(disks, {a.path(), a / "missing"});
  const auto one = scratch.create();
  const auto other = scratch.create();
  EXPECT_TRUE(one->write_at(bytes_of("1"), 0));
  const auto written = other->write_at(bytes_of("1"), 0);
  ASSERT_FALSE(written);
  EXPECT_FALSE(other->out_of_room());
}

TEST(ScratchSpace, WhatWasNeverWrittenCannotBeRead) {
  const TempFolder a, b;
  SmallDisks disks;
  ScratchSpace scratch(disks, {a.path(), b.path()});
  const auto file = scratch.create();
  ASSERT_TRUE(file->write_at(bytes_of("123"), 0));
  std::string bytes(4, '?');
  const auto read = file->read_at(std::as_writable_bytes(std::span(bytes)), 0);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::integrity);
}

TEST(ScratchSpace, CountsWhatIsThereAtOnce) {
  const TempFolder folder;
  const std::unique_ptr<Storage> storage = make_disk_storage();
  ScratchSpace scratch(*storage, {folder.path()}, 100);
  auto one = scratch.create();
  auto other = scratch.create();
  const std::string sixty(60, 'x'), forty(40, 'y');
  ASSERT_TRUE(one->write_at(bytes_of(sixty), 0));
  ASSERT_TRUE(one->write_at(bytes_of(forty), 10)) << "what is overwritten counts once";
  EXPECT_EQ(scratch.used_bytes(), 60u);
  ASSERT_TRUE(other->write_at(bytes_of(forty), 0));
  const auto refused = other->write_at(bytes_of("z"), 40);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::limit);
  EXPECT_NE(refused.error().message.find("--tmp-limit"), std::string::npos);
  one.reset();
  EXPECT_TRUE(other->write_at(bytes_of("z"), 40));
  EXPECT_EQ(read_back(*other, 0, 41), forty + "z");
  EXPECT_EQ(scratch.used_bytes(), 41u);
  EXPECT_EQ(scratch.peak_bytes(), 100u);
}

TEST(ScratchSpace, GivesBackWhatIsDiscarded) {
  const TempFolder a, b;
  SmallDisks disks;
  ScratchSpace scratch(disks, {a.path(), b.path()}, 2 * StripedFile::kStripeBytes);
  auto file = scratch.create();
  const std::string stripe(StripedFile::kStripeBytes, 'x');
  ASSERT_TRUE(file->write_at(bytes_of(stripe), 0));
  ASSERT_TRUE(file->write_at(bytes_of(stripe), StripedFile::kStripeBytes));
  ASSERT_TRUE(file->discard(100, StripedFile::kStripeBytes));
  EXPECT_EQ(scratch.used_bytes(), StripedFile::kStripeBytes);
  EXPECT_EQ(disks.used(a.path()) + disks.used(b.path()), StripedFile::kStripeBytes);
  EXPECT_EQ(read_back(*file, 0, 100), std::string(100, 'x'));
  EXPECT_EQ(read_back(*file, StripedFile::kStripeBytes + 100, 50), std::string(50, 'x'));
  auto other = scratch.create();
  EXPECT_TRUE(other->write_at(bytes_of(stripe), 0)) << "the limit has room again";
  other.reset();
  file.reset();
  EXPECT_EQ(scratch.used_bytes(), 0u);
  EXPECT_EQ(disks.used(a.path()) + disks.used(b.path()), 0u);
}

TEST(WriteRate, IsThatOfLate) {
  WriteRate rate;
  EXPECT_EQ(rate.seconds_a_byte(), 0);
  for (int i = 0; i < 1000; ++i) rate.add(kMiB, 0.001);
  EXPECT_NEAR(rate.seconds_a_byte() * static_cast<double>(kMiB), 0.001, 1e-6);
  for (int i = 0; i < 1000; ++i) rate.add(kMiB, 0.010);
  EXPECT_NEAR(rate.seconds_a_byte() * static_cast<double>(kMiB), 0.010, 1e-4);
}

}  // namespace
}  // namespace mrun
