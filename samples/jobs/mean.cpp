// Mean of the whole numbers of each key: lines "key TAB number".
//
// Sums and counts are combined, element by element, while the input is read; reduce divides once.
#include <array>
#include <mrun/mrun.hpp>

struct Mean {
  using Combine = mrun::Sum;
  using Total = std::array<std::int64_t, 2>;        // sum, count
  static constexpr bool independent_groups = true;  // reduce keeps nothing from key to key
  mrun::Counter bad{"bad_lines", "lines without a number"};

  void map(std::string_view line, mrun::Emit<std::string_view, Total>& out) {
    const auto [key, digits] = mrun::split2(line);
    if (const auto number = mrun::parse<std::int64_t>(digits))
      out(key, {*number, 1});
    else
      ++bad;
  }
  void reduce(std::string_view key, mrun::Values<Total>& totals, mrun::Out& out) {
    for (const auto [sum, count] : totals)
      out(key, static_cast<double>(sum) / static_cast<double>(count));
  }
};
MRUN_JOB(Mean)
