// As `concatenate`, with the groups in one order over all parts.
#include "values_job.hpp"

struct ConcatenateInOrder : test_jobs::ValuesJob {
  static constexpr bool total_order = true;
  void reduce(std::string_view key, mrun::Values<std::string_view>& values, mrun::Out& out) {
    test_jobs::write_concatenation(key, values, out);
  }
};
MRUN_JOB(ConcatenateInOrder)
