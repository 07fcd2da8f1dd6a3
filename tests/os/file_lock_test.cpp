// Locks: one holder, none left behind, and never on a file that nobody can find.
#include "os/file_lock.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "os/path_info.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

class FileLockTest : public testing::Test {
 protected:
  test_support::TempFolder folder_;
  const std::string path_ = folder_ / "lock";
};

TEST_F(FileLockTest, HasOneHolder) {
  {
    const auto held = FileLock::try_lock(path_);
    ASSERT_TRUE(held && *held);
    EXPECT_EQ(path_info(path_, Code::output)->mode, 0600u);
    const auto second = FileLock::try_lock(path_);
    ASSERT_TRUE(second);
    EXPECT_FALSE(*second);
  }
  EXPECT_TRUE(*FileLock::try_lock(path_));
}

TEST_F(FileLockTest, DiesWithItsProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = FileLock::try_lock(path_);
    ::_exit(held && *held ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(*FileLock::try_lock(path_));
}

TEST_F(FileLockTest, KnowsThatItsFileWasReplaced) {
  const auto held = FileLock::try_lock(path_);
  ASSERT_TRUE(held && *held);
  EXPECT_TRUE((*held)->still_named(path_));
  std::filesystem::remove(path_);
  EXPECT_FALSE((*held)->still_named(path_));
  const auto anew = FileLock::try_lock(path_);
  ASSERT_TRUE(anew && *anew);
  EXPECT_FALSE((*held)->still_named(path_));
  EXPECT_TRUE((*anew)->still_named(path_));
}

TEST_F(FileLockTest, IsHeldOnceEvenWhereHoldersRemoveTheFile) {
  std::atomic<int> holders{0};
  std::atomic<bool> wrong{false};
  const auto work = [&] {
    for (int i = 0; i < 2000; ++i) {
      const auto held = FileLock::try_lock(path_);
      if (!held) wrong = true;
      if (!held || !*held) continue;
      if (holders.fetch_add(1) != 0) wrong = true;
      holders.fetch_sub(1);
      std::filesystem::remove(path_);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(wrong);
}

TEST_F(FileLockTest, NeverFollowsALink) {
  ASSERT_EQ(::symlink((folder_ / "target").c_str(), path_.c_str()), 0);
  const auto held = FileLock::try_lock(path_);
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, Code::output);
  EXPECT_FALSE(test_support::exists(folder_ / "target"));
}

}  // namespace
}  // namespace mrun
