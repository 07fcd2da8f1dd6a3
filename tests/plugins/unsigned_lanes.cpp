// Sum, least, most and count of u64 in one combined value.
#include <array>

#include "combining_job.hpp"

using Four = std::array<std::uint64_t, 4>;
inline Four four_of(std::string_view value) {
  const std::uint64_t number = test_jobs::unsigned_of(value);
  return {number, number, number, 1};
}

struct UnsignedLanes : test_jobs::CombiningJob<Four, four_of> {
  using Combine = mrun::Lanes<mrun::Sum, mrun::Min, mrun::Max, mrun::Sum>;
  void reduce(std::string_view key, mrun::Values<Four>& values, mrun::Out& out) {
    for (const Four& lanes : values) out(key, lanes[0], lanes[1], lanes[2], lanes[3]);
  }
};
MRUN_JOB(UnsignedLanes)
