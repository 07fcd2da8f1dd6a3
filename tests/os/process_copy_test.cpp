// What happens in a copy of the process stays there.
#include "os/process_copy.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

namespace mrun {
namespace {

TEST(ProcessCopy, GivesBackWhatItPutIntoSharedMemoryAndNothingElse) {
  auto shared = SharedMemory::create(sizeof(int));
  ASSERT_TRUE(shared);
  int& there = *static_cast<int*>(shared->data());
  int here = 1;
  EXPECT_TRUE(run_in_copy(
      [&] {
        there = 7;
        here = 7;
        std::puts("nobody sees this");
        std::fflush(stdout);
      },
      10));
  EXPECT_EQ(there, 7);
  EXPECT_EQ(here, 1);
}

TEST(ProcessCopy, EndsAloneHoweverItEnds) {
  EXPECT_FALSE(run_in_copy([] { ::kill(::getpid(), SIGKILL); }, 10));
  EXPECT_FALSE(run_in_copy([] { ::_exit(0); }, 10));
  EXPECT_FALSE(run_in_copy([] { ::_exit(3); }, 10));
}

TEST(ProcessCopy, IsKilledWhenItsTimeIsOver) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(run_in_copy(
      [] {
        while (true) ::pause();
      },
      0.05));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace mrun
