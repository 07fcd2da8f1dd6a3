// NumbersJob: keys that are numbers, values combined by one of the built-in lanes.
#pragma once

#include <mrun/mrun.hpp>

#include "test_jobs.hpp"

namespace test_jobs {

template <typename Key, typename Value, Key (*key_of)(std::string_view),
          Value (*value_of)(std::string_view)>
struct NumbersJob {
  mrun::Param<std::uint64_t> repeat{"repeat", "1", "emit every pair so often"};
  mrun::Param<std::uint64_t> same{"same", "0", "repetitions in a row under one key; 0: all"};

  void map(std::string_view record, mrun::Emit<Key, Value>& out) {
    const Cut cut_record = cut(record);
    for (std::uint64_t i = 0; i < *repeat; ++i) {
      out(key_of(repeated_key(cut_record.key, i, *same)),
          value_of(repeated_value(cut_record.value, i, *repeat, 0)));
    }
  }
};

}  // namespace test_jobs
