#include "engine/tbb_executor.hpp"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <atomic>

#include "base/check.hpp"

namespace mrun {

TbbExecutor::TbbExecutor(unsigned threads)
    : threads_(std::max(1u, threads)),
      limit_(tbb::global_control::max_allowed_parallelism, threads_),
      arena_(static_cast<int>(threads_)) {}

TbbExecutor::~TbbExecutor() {
  arena_.terminate();
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
