// Sorts lines, which can be multiplied.
#include <mrun/mrun.hpp>

#include "test_jobs.hpp"

struct LinesInOrder {
  static constexpr bool total_order = true;
  mrun::Param<std::uint64_t> repeat{"repeat", "1", "emit every pair so often"};
  mrun::Param<std::uint64_t> same{"same", "0", "repetitions in a row under one key; 0: all"};

  void map(std::string_view line, mrun::Emit<std::string_view, mrun::None>& out) {
    for (std::uint64_t i = 0; i < *repeat; ++i) {
      if (*same == 0) {
        out(line, mrun::None{});
      } else {
        out(test_jobs::repeated_key(line, i, *same), mrun::None{});
      }
    }
  }
};
MRUN_JOB(LinesInOrder)
