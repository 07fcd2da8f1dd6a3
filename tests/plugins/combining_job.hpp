// CombiningJob: the map of test jobs whose values are combined, over values of type V.
#pragma once

#include <mrun/mrun.hpp>

#include "test_jobs.hpp"

namespace test_jobs {

/// Emits (key, value_of(value)) of every record, `repeat` times over.
template <typename V, V (*value_of)(std::string_view)>
struct CombiningJob {
  mrun::Param<std::uint64_t> repeat{"repeat", "1", "emit every pair so often"};
  mrun::Param<std::uint64_t> same{"same", "0", "repetitions in a row under one key; 0: all"};

  void map(std::string_view record, mrun::Emit<std::string_view, V>& out) {
    const Cut cut_record = cut(record);
    for (std::uint64_t i = 0; i < *repeat; ++i) {
      out(repeated_key(cut_record.key, i, *same),
          value_of(repeated_value(cut_record.value, i, *repeat, 0)));
    }
  }
};

}  // namespace test_jobs
