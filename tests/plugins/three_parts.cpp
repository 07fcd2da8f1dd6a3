// As `concatenate`, with a number of partitions of its own, a counter and a side output.
#include "values_job.hpp"

struct ThreeParts : test_jobs::ValuesJob {
  static constexpr int partitions = 3;
  mrun::Counter groups{"groups", "keys reduced"};
  mrun::SideOutput even{"even", "keys with an even number of values"};

  void reduce(std::string_view key, mrun::Values<std::string_view>& values, mrun::Out& out) {
    ++groups;
    test_jobs::Digest digest;
    std::string beginnings;
    for (const std::string_view value : values) {
      if (digest.count() < 8) beginnings.append(value.substr(0, 12)) += ',';
      digest.add(value);
    }
    if (digest.count() % 2 == 0) out.to(even, key);
    out(key, digest.count(), digest.state(), beginnings);
  }
};
MRUN_JOB(ThreeParts)
