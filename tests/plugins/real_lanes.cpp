// Least and most of doubles in one combined value.
#include <array>

#include "combining_job.hpp"

using Two = std::array<double, 2>;
inline Two two_of(std::string_view value) {
  return {test_jobs::real_of(value), test_jobs::real_of(value)};
}

struct RealLanes : test_jobs::CombiningJob<Two, two_of> {
  using Combine = mrun::Lanes<mrun::Min, mrun::Max>;
  void reduce(std::string_view key, mrun::Values<Two>& values, mrun::Out& out) {
    for (const Two& lanes : values) out(key, lanes[0], lanes[1]);
  }
};
MRUN_JOB(RealLanes)
