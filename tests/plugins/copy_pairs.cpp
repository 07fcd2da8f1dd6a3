// Map only: writes keys and values as two fields.
#include <mrun/mrun.hpp>

#include "test_jobs.hpp"

struct CopyPairs {
  mrun::Param<std::uint64_t> repeat{"repeat", "1", "write every pair so often"};
  mrun::Param<std::uint64_t> big{"big", "0", "blow values up to so many bytes"};

  void map(std::string_view record, mrun::Out& out) {
    const test_jobs::Cut cut = test_jobs::cut(record);
    for (std::uint64_t i = 0; i < *repeat; ++i) {
      out(cut.key, test_jobs::repeated_value(cut.value, i, *repeat, *big));
    }
  }
};
MRUN_JOB(CopyPairs)
