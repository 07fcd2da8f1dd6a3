// Minima by keys that are doubles.
#include "numbers_job.hpp"

struct RealKeys : test_jobs::NumbersJob<double, double, test_jobs::real_of, test_jobs::real_of> {
  using Combine = mrun::Min;
};
MRUN_JOB(RealKeys)
