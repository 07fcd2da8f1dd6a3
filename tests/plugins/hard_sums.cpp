// Sums of doubles of very different sizes: their order would show in the last bits of a naive sum.
#include <cmath>
#include <mrun/mrun.hpp>

#include "test_jobs.hpp"

struct HardSums {
  using Combine = mrun::Sum;
  mrun::Param<std::uint64_t> repeat{"repeat", "1", "emit every pair so often"};

  void map(std::string_view record, mrun::Emit<std::string_view, double>& out) {
    const test_jobs::Cut cut = test_jobs::cut(record);
    for (std::uint64_t i = 0; i < *repeat; ++i) {
      const std::uint64_t hash = test_jobs::mix(cut.value, i + 1);
      const double magnitude =
          std::ldexp(static_cast<double>(hash >> 12), static_cast<int>(hash % 120) - 60);
      out(cut.key, (hash & 2048) != 0 ? -magnitude : magnitude);
    }
  }
};
MRUN_JOB(HardSums)
