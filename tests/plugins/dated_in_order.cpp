// Secondary sort in one order over all parts: borders must not cut a group.
#include "dated_job.hpp"

struct DatedInOrder : test_jobs::DatedJob {
  static constexpr bool total_order = true;
};
MRUN_JOB(DatedInOrder)
