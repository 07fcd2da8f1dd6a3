// Writes its parameters as it got them.
#include <mrun/mrun.hpp>
#include <string>

struct Parameters {
  static constexpr auto help = "shows its parameters";
  mrun::Param<std::int64_t> number{"number", "-1", "a number"};
  mrun::Param<bool> flag{"flag", "false", "a switch"};
  mrun::Param<double> factor{"factor", "0.5", "a real number"};
  mrun::Param<std::string> needed{"needed", nullptr, "a text without a default"};

  void map(std::string_view line, mrun::Out& out) { out(*number, *flag, *factor, *needed, line); }
};
MRUN_JOB(Parameters)
