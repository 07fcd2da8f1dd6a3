// A fold of its own that rounds: its result shows how values were grouped.
#include <charconv>
#include <mrun/mrun.hpp>

struct RoundingFold {
  struct Combine {
    static void fold(double& sum, const double& value) { sum = sum * 0.75 + value; }
  };
  void map(std::string_view line, mrun::Emit<std::string_view, double>& out) {
    const auto [key, number] = mrun::split2(line);
    double value = 0;
    std::from_chars(number.data(), number.data() + number.size(), value);
    out(key, value);
  }
};
MRUN_JOB(RoundingFold)
