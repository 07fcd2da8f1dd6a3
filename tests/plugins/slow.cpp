// Takes its time over every record, so that signals find it at work.
#include <chrono>
#include <mrun/mrun.hpp>
#include <thread>

struct Slow {
  using Combine = mrun::Sum;
  mrun::Param<std::uint64_t> microseconds{"microseconds", "1000", "time to spend on a record"};

  void map(std::string_view line, mrun::Emit<std::string_view, std::uint64_t>& out) {
    std::this_thread::sleep_for(std::chrono::microseconds(*microseconds));
    out(line, 1);
  }
};
MRUN_JOB(Slow)
