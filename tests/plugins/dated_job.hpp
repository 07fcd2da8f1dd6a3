// DatedJob: a secondary sort, whose keys are (name, falling number) and whose groups go by name.
#pragma once

#include <mrun/mrun.hpp>

#include "test_jobs.hpp"

namespace test_jobs {

struct DatedJob {
  static constexpr int group_fields = 1;
  using Key = std::tuple<std::string, mrun::Desc<std::int64_t>>;
  mrun::Param<std::uint64_t> repeat{"repeat", "1", "emit every pair so often"};
  mrun::Param<std::uint64_t> same{"same", "0", "repetitions in a row under one key; 0: all"};
  mrun::Param<std::uint64_t> big{"big", "0", "blow values up to so many bytes"};

  void map(std::string_view record, mrun::Emit<Key, std::string_view>& out) {
    const Cut cut_record = cut(record);
    for (std::uint64_t i = 0; i < *repeat; ++i) {
      const std::string value = repeated_value(cut_record.value, i, *repeat, *big);
      out(Key{repeated_key(cut_record.key, i, *same), {signed_of(value)}}, value);
    }
  }

  void reduce(const Key& key, mrun::Values<std::string_view>& values, mrun::Out& out) {
    Digest digest;
    std::string days;
    for (const std::string_view value : values) {
      if (digest.count() < 8) days += std::to_string(signed_of(value)) + ',';
      digest.add(value);
    }
    out(std::get<0>(key), digest.count(), digest.state(), days);
  }
};

}  // namespace test_jobs
