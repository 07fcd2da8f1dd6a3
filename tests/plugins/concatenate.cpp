// No combiner; the reduce digests a key's values in the order in which they come.
#include "values_job.hpp"

struct Concatenate : test_jobs::ValuesJob {
  void reduce(std::string_view key, mrun::Values<std::string_view>& values, mrun::Out& out) {
    test_jobs::write_concatenation(key, values, out);
  }
};
MRUN_JOB(Concatenate)
