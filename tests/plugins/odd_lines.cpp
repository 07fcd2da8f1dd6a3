// Counts lines. Map and reduce both write to a side output: map each line of odd length, reduce
// each line that occurs an odd number of times.
#include <mrun/mrun.hpp>

struct OddLines {
  using Combine = mrun::Sum;
  static constexpr bool independent_groups = true;
  mrun::SideOutput odd{"odd", "lines of odd length, then those of odd number"};

  void map(std::string_view line, mrun::Emit<std::string_view, std::uint64_t>& out,
           mrun::Out& sides) {
    if (line.size() % 2 == 1) sides.to(odd, "length", line);
    out(line, 1);
  }
  void reduce(std::string_view line, mrun::Values<std::uint64_t>& counts, mrun::Out& out) {
    for (const std::uint64_t count : counts) {
      if (count % 2 == 1) out.to(odd, "number", line);
      out(line, count);
    }
  }
};
MRUN_JOB(OddLines)
