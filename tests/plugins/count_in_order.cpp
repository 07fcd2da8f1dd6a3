// Counts equal lines by a combiner, in one order over all parts.
#include <mrun/mrun.hpp>

#include "test_jobs.hpp"

struct CountInOrder {
  static constexpr bool total_order = true;
  using Combine = mrun::Sum;
  mrun::Param<std::uint64_t> repeat{"repeat", "1", "emit every pair so often"};
  mrun::Param<std::uint64_t> same{"same", "0", "repetitions in a row under one key; 0: all"};

  void map(std::string_view line, mrun::Emit<std::string_view, std::uint64_t>& out) {
    for (std::uint64_t i = 0; i < *repeat; ++i) out(test_jobs::repeated_key(line, i, *same), 1);
  }
};
MRUN_JOB(CountInOrder)
