// Sums of doubles that are exact in any order.
#include "combining_job.hpp"

struct RealSums : test_jobs::CombiningJob<double, test_jobs::real_of> {
  using Combine = mrun::Sum;
};
MRUN_JOB(RealSums)
