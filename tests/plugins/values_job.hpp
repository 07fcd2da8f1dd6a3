// ValuesJob: the map and the digesting reduce that most test jobs without a combiner share.
#pragma once

#include <mrun/mrun.hpp>

#include "test_jobs.hpp"

namespace test_jobs {

/// Emits (key, value) of every record, `repeat` times over.
struct ValuesJob {
  mrun::Param<std::uint64_t> repeat{"repeat", "1", "emit every pair so often"};
  mrun::Param<std::uint64_t> same{"same", "0", "repetitions in a row under one key; 0: all"};
  mrun::Param<std::uint64_t> big{"big", "0", "blow values up to so many bytes"};

  void map(std::string_view record, mrun::Emit<std::string_view, std::string_view>& out) {
    const Cut cut_record = cut(record);
    for (std::uint64_t i = 0; i < *repeat; ++i) {
      out(repeated_key(cut_record.key, i, *same),
          repeated_value(cut_record.value, i, *repeat, *big));
    }
  }
};

/// Writes the key, how many values came, a digest of them in order, and the beginnings of the first
/// eight.
inline void write_concatenation(std::string_view key, mrun::Values<std::string_view>& values,
                                mrun::Out& out) {
  Digest digest;
  std::string beginnings;
  for (const std::string_view value : values) {
    if (digest.count() < 8) beginnings.append(value.substr(0, 12)) += ',';
    digest.add(value);
  }
  out(key, digest.count(), digest.state(), beginnings);
}

}  // namespace test_jobs
