// The reduce takes the first value in input order and leaves all others unread.
#include "values_job.hpp"

struct FirstValue : test_jobs::ValuesJob {
  void reduce(std::string_view key, mrun::Values<std::string_view>& values, mrun::Out& out) {
    for (const std::string_view value : values) {
      out(key, value);
      break;
    }
  }
};
MRUN_JOB(FirstValue)
