// Sums by keys that are u64.
#include "numbers_job.hpp"

struct UnsignedKeys : test_jobs::NumbersJob<std::uint64_t, std::uint64_t, test_jobs::unsigned_of,
                                            test_jobs::unsigned_of> {
  using Combine = mrun::Sum;
};
MRUN_JOB(UnsignedKeys)
