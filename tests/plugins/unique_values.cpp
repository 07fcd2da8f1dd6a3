// Drops a value equal to the one before it under the same key.
#include <mrun/mrun.hpp>

#include "test_jobs.hpp"

struct UniqueValues {
  using Combine = mrun::Unique;
  mrun::Param<std::uint64_t> repeat{"repeat", "1", "emit every pair so often"};
  mrun::Param<std::uint64_t> same{"same", "0", "repetitions in a row under one key; 0: all"};

  void map(std::string_view record, mrun::Emit<std::string_view, std::string_view>& out) {
    const test_jobs::Cut cut = test_jobs::cut(record);
    for (std::uint64_t i = 0; i < *repeat; ++i)
      out(test_jobs::repeated_key(cut.key, i, *same), cut.value.substr(0, 2));
  }
};
MRUN_JOB(UniqueValues)
