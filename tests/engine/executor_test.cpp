// Goal: every executor calls every index once, in rising order of start, on no more threads than it
// says. Method: bodies that count, and some that wait for the one before.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <new>
#include <thread>

#include "engine/limited_loop.hpp"
#include "engine/tbb_executor.hpp"
#include "engine/team.hpp"
#include "support/executors.hpp"

namespace mrun {
namespace {

using test_support::OrderedExecutor;
using test_support::ThreadExecutor;

// What a loop over `executor` did.
struct Trace {
  std::vector<unsigned> calls;
  unsigned most_at_once = 0;
};

Trace trace(Executor& executor, std::size_t count) {
  std::unique_ptr<std::atomic<unsigned>[]> calls(new std::atomic<unsigned>[count + 1]());
  std::atomic<unsigned> running{0};
  std::atomic<unsigned> most{0};
  executor.for_each_index(count, [&](std::size_t index) {
    const unsigned now = ++running;
    unsigned seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    ++calls[index];
    std::this_thread::yield();
    --running;
  });
  Trace result;
  for (std::size_t i = 0; i < count; ++i) result.calls.push_back(calls[i]);
  result.most_at_once = most;
  return result;
}

void check_executor(Executor& executor, unsigned width) {
  EXPECT_EQ(executor.width(), width);
  for (const std::size_t count : {0u, 1u, 2u, 3u, 64u, 5000u}) {
    SCOPED_TRACE(count);
    const Trace done = trace(executor, count);
    EXPECT_EQ(done.calls, std::vector<unsigned>(count, 1));
    EXPECT_LE(done.most_at_once, width);
  }
}

// Each body waits until the one before has ended: a later one that started first would hang all.
void check_rising_start(Executor& executor) {
  constexpr std::size_t kCount = 2000;
  std::atomic<std::size_t> ended{0};
  executor.for_each_index(kCount, [&](std::size_t index) {
    while (ended < index) std::this_thread::yield();
    ++ended;
  });
  EXPECT_EQ(ended, kCount);
}

TEST(TbbExecutor, CallsEveryIndexOnce) {
  for (const unsigned threads : {1u, 2u, 3u, 8u}) {
    SCOPED_TRACE(threads);
    TbbExecutor executor(threads);
    check_executor(executor, threads);
  }
  EXPECT_EQ(TbbExecutor(0).width(), 1u);
}

TEST(TbbExecutor, StartsInRisingOrder) {
  for (const unsigned threads : {1u, 2u, 8u}) {
    SCOPED_TRACE(threads);
    TbbExecutor executor(threads);
    check_rising_start(executor);
  }
}

TEST(TbbExecutor, PublishesWhatBodiesWrote) {
  TbbExecutor executor(4);
  std::vector<std::size_t> written(10'000);
  executor.for_each_index(written.size(), [&](std::size_t index) { written[index] = index * 3; });
  for (std::size_t i = 0; i < written.size(); ++i) ASSERT_EQ(written[i], i * 3);
}

TEST(LimitedExecutor, IsNoWiderThanEitherLimit) {
  TbbExecutor tbb(8);
  for (const unsigned width : {1u, 2u, 3u, 8u, 100u}) {
    SCOPED_TRACE(width);
    LimitedExecutor limited(tbb, width);
    check_executor(limited, std::min(width, 8u));
    check_rising_start(limited);
  }
}

TEST(LimitedExecutor, MayBeLimitedAgain) {
  TbbExecutor tbb(8);
  LimitedExecutor four(tbb, 4);
  LimitedExecutor two(four, 2);
  check_executor(two, 2);
  for (const std::size_t at_once : {1u, 3u, 50u}) {
    std::vector<std::atomic<unsigned>> calls(100);
    for_each_limited(four, at_once, calls.size(), [&](std::size_t i) { ++calls[i]; });
    for (const auto& call : calls) EXPECT_EQ(call, 1u);
  }
}

// Goal: a leader's loops are run by all who help, whenever they come, and by the leader alone where
// nobody does.
TEST(Team, SharesTheLeadersLoops) {
  for (const unsigned width : {1u, 2u, 4u}) {
    SCOPED_TRACE(width);
    Team team(width);
    std::vector<std::thread> helpers;
    for (unsigned i = 1; i < width; ++i) helpers.emplace_back([&team] { team.help(); });
    check_executor(team, width);
    check_rising_start(team);
    team.end();
    for (std::thread& helper : helpers) helper.join();
    team.help();  // Comes too late, and is not kept.
  }
}

// Goal: what a body throws comes to the leader, when nobody works any more, and the team goes on.
TEST(Team, ThrowsWhatABodyThrows) {
  Team team(3);
  std::vector<std::thread> helpers;
  for (int i = 0; i < 2; ++i) helpers.emplace_back([&team] { team.help(); });
  for (const std::size_t thrower : {0u, 1u, 500u}) {
    std::atomic<int> running{0};
    const auto loop = [&] {
      team.for_each_index(1000, [&](std::size_t index) {
        ++running;
        if (index == thrower) {
          --running;
          throw std::bad_alloc();
        }
        std::this_thread::yield();
        --running;
      });
    };
    EXPECT_THROW(loop(), std::bad_alloc);
    EXPECT_EQ(running, 0);
  }
  check_executor(team, 3);
  team.end();
  for (std::thread& helper : helpers) helper.join();
}

TEST(Team, HelpersTakePartInALoopThatHasBegun) {
  Team team(2);
  std::atomic<bool> has_begun{false};
  std::thread helper([&] {
    while (!has_begun) std::this_thread::yield();
    team.help();
  });
  const auto leader = std::this_thread::get_id();
  std::atomic<bool> was_helped{false};
  team.for_each_index(2, [&](std::size_t) {
    has_begun = true;
    if (std::this_thread::get_id() != leader) was_helped = true;
    while (!was_helped) std::this_thread::yield();
  });
  team.end();
  helper.join();
  EXPECT_TRUE(was_helped);
}

TEST(ThreadExecutor, CallsEveryIndexOnceInRisingOrder) {
  for (const unsigned threads : {1u, 2u, 8u}) {
    SCOPED_TRACE(threads);
    ThreadExecutor executor(threads);
    check_executor(executor, threads);
    check_rising_start(executor);
  }
}

TEST(OrderedExecutor, CallsEveryIndexOnceInTheOrderAskedFor) {
  using Order = OrderedExecutor::Order;
  const auto order_of = [](Order order, std::uint64_t seed) {
    std::vector<std::size_t> called;
    OrderedExecutor(order, seed).for_each_index(5, [&](std::size_t i) { called.push_back(i); });
    return called;
  };
  EXPECT_EQ(order_of(Order::ascending, 0), (std::vector<std::size_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(order_of(Order::descending, 0), (std::vector<std::size_t>{4, 3, 2, 1, 0}));
  EXPECT_EQ(order_of(Order::shuffled, 7), order_of(Order::shuffled, 7));
  OrderedExecutor executor(Order::shuffled, 3);
  check_executor(executor, 1);
}

// Goal: where the system refuses threads, the work is done on those there are. Method: a process of
// a user who may have no second one; root is not bound by that limit, so it becomes somebody else.
TEST(TbbExecutor, DoesWithTheThreadsThatTheSystemStarts) {
  const auto run = [] {
    constexpr rlimit kNoMore{1, 1};
    if (::setrlimit(RLIMIT_NPROC, &kNoMore) != 0) _exit(10);
    if (::geteuid() == 0 && ::setresuid(65'533, 65'533, 65'533) != 0) _exit(11);
    std::atomic<int> ran{0};
    {
      TbbExecutor executor(4);
      if (executor.width() != 1) _exit(12);
      executor.for_each_index(100, [&](std::size_t) { ++ran; });
    }
    _exit(ran == 100 ? 0 : 13);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace mrun
