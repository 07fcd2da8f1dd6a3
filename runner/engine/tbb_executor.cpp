#include "engine/tbb_executor.hpp"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <latch>
#include <thread>
#include <vector>

#include "base/check.hpp"

namespace mrun {
namespace {

// How many threads beside this one the system lets us start, at most `wanted`. TBB does not get
// over a thread that it cannot start.
unsigned startable_threads(unsigned wanted) {
  std::latch tried(1);
  std::vector<std::thread> threads;
  try {
    threads.reserve(wanted);
    while (threads.size() < wanted) threads.emplace_back([&] { tried.wait(); });
  } catch (const std::exception&) {
    // What has been started is the answer.
  }
  tried.count_down();
  for (std::thread& thread : threads) thread.join();
  return static_cast<unsigned>(threads.size());
}

}  // namespace

TbbExecutor::TbbExecutor(unsigned threads)
    : threads_(1 + startable_threads(std::max(1u, threads) - 1)),
      limit_(tbb::global_control::max_allowed_parallelism, threads_),
      arena_(static_cast<int>(threads_)) {}

TbbExecutor::~TbbExecutor() {
  arena_.terminate();
  if (std::uncaught_exceptions() > 0) return;  // It might wait for threads that never began.
  // Without it TBB's threads would still be ending while the process does, and LeakSanitizer
  // crashes on them. It fails where another executor is alive, whose end does it then.
  tbb::finalize(handle_, std::nothrow);
}

void TbbExecutor::for_each_index(std::size_t count, const std::function<void(std::size_t)>& body) {
  std::atomic<std::size_t> next{
      0};  // Relaxed throughout: parallel_for's end publishes the results.
  std::atomic<std::size_t> ended{0};
  const std::size_t runners = std::min<std::size_t>(threads_, count);
  arena_.execute([&] {
    // Each runner takes the lowest index left, so that bodies start in rising order: a body may
    // wait for a lower one. TBB's own splitting would hand out the upper half first.
    tbb::parallel_for(
        std::size_t{0}, runners,
        [&](std::size_t) {
          for (std::size_t index; (index = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
            body(index);
            ended.fetch_add(1, std::memory_order_relaxed);
          }
        },
        tbb::simple_partitioner{});
  });
  // A cancelled context would run nothing and say nothing.
  MRUN_CHECK(ended.load(std::memory_order_relaxed) == count);
}

}  // namespace mrun
