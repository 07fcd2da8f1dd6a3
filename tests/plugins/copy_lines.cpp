// Map only: writes lines through Out.
#include <mrun/mrun.hpp>

struct CopyLines {
  mrun::Param<std::uint64_t> repeat{"repeat", "1", "write every line so often"};
  void map(std::string_view line, mrun::Out& out) {
    for (std::uint64_t i = 0; i < *repeat; ++i) out(line);
  }
};
MRUN_JOB(CopyLines)
