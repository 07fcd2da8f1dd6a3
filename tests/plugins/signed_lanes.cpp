// Least, most and sum of i64 in one combined value.
#include <array>

#include "combining_job.hpp"

using Three = std::array<std::int64_t, 3>;
inline Three three_of(std::string_view value) {
  const std::int64_t number = test_jobs::signed_of(value);
  return {number, number, number};
}

struct SignedLanes : test_jobs::CombiningJob<Three, three_of> {
  using Combine = mrun::Lanes<mrun::Min, mrun::Max, mrun::Sum>;
  void reduce(std::string_view key, mrun::Values<Three>& values, mrun::Out& out) {
    for (const Three& lanes : values) out(key, lanes[0], lanes[1], lanes[2]);
  }
};
MRUN_JOB(SignedLanes)
