// Secondary sort over hash partitions.
#include "dated_job.hpp"

struct Dated : test_jobs::DatedJob {};
MRUN_JOB(Dated)
