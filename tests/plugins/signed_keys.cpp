// Maxima by keys that are i64.
#include "numbers_job.hpp"

struct SignedKeys : test_jobs::NumbersJob<std::int64_t, std::int64_t, test_jobs::signed_of,
                                          test_jobs::signed_of> {
  using Combine = mrun::Max;
};
MRUN_JOB(SignedKeys)
