// Two inputs of different formats, grouped together: left values are put aside, and read before the
// right ones and once more behind them.
#include <mrun/mrun.hpp>

#include "test_jobs.hpp"

struct TwoInputs {
  static constexpr mrun::Input inputs[] = {{"left", "lines", "read twice"},
                                           {"right", "nul", "read once"}};
  static constexpr int group_fields = 1;
  static constexpr bool independent_groups = true;
  using Key = std::tuple<std::string, bool>;  // a name, and whether the value is a right one
  mrun::Param<std::uint64_t> repeat{"repeat", "1", "emit every pair so often"};
  mrun::Param<std::uint64_t> same{"same", "0", "repetitions in a row under one key; 0: all"};
  mrun::Param<std::uint64_t> big{"big", "0", "blow values up to so many bytes"};

  void map(const mrun::Record& record, mrun::Emit<Key, std::string_view>& out) {
    const auto cut_record = test_jobs::cut(record.text);
    for (std::uint64_t i = 0; i < *repeat; ++i)
      out({test_jobs::repeated_key(cut_record.key, i, *same), record.input == 1},
          test_jobs::repeated_value(cut_record.value, i, *repeat, *big));
  }

  void reduce(const Key& key, mrun::Values<std::string_view>& values, mrun::Rows& lefts,
              mrun::Out& out) {
    test_jobs::Digest digest;
    std::uint64_t rights = 0;
    for (const std::string_view value : values) {
      if (values.key_bytes().back() == 0) {
        lefts.append(value);
        continue;
      }
      if (rights++ == 0)
        for (const std::string_view left : lefts) digest.add(left);
      digest.add(value);
    }
    for (const std::string_view left : lefts) digest.add(left);
    out(std::get<0>(key), lefts.size(), rights, digest.count(), digest.state());
  }
};
MRUN_JOB(TwoInputs)
