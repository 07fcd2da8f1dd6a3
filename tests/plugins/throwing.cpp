// Throws, says no, crashes or exits where the parameters tell it to.
#include <csignal>
#include <cstdlib>
#include <mrun/mrun.hpp>
#include <stdexcept>
#include <string>

struct Throwing {
  mrun::Param<std::string> where{"where", "map", "map, finish, reduce or setup"};
  mrun::Param<std::string> how{"how", "exception", "exception, integer, fail, segv, abort or exit"};

  void stop_here() {
    if (*how == "fail") mrun::fail("the job says no");
    if (*how == "integer") throw 42;
    if (*how == "segv") std::raise(SIGSEGV);
    if (*how == "abort") std::abort();
    if (*how == "exit") std::exit(3);
    throw std::runtime_error("the job has thrown");
  }

  void setup() {
    if (*where == "setup") stop_here();
  }
  void map(std::string_view line, mrun::Emit<std::string_view, std::uint64_t>& out) {
    if (*where == "map" && line.find("boom") != std::string_view::npos) stop_here();
    out(line, 1);
  }
  void finish(mrun::Emit<std::string_view, std::uint64_t>&) {
    if (*where == "finish") stop_here();
  }
  void reduce(std::string_view line, mrun::Values<std::uint64_t>& values, mrun::Out& out) {
    if (*where == "reduce" && line.find("boom") != std::string_view::npos) stop_here();
    std::uint64_t count = 0;
    for (const std::uint64_t value : values) count += value;
    out(line, count);
  }
};
MRUN_JOB(Throwing)
