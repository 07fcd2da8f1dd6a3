// Throws, says no, crashes or exits where the parameters tell it to.
#include <csignal>
#include <cstdlib>
#include <mrun/mrun.hpp>
#include <stdexcept>
#include <string>
#include <thread>

struct Throwing {
  mrun::Param<std::string> where{"where", "map",
                                 "map, finish, reduce, setup, shared, shape, destructor or thread"};
  mrun::Param<std::string> how{"how", "exception",
                               "exception, integer, fail, segv, abort, recursion or exit"};

  /// The last of many copies is what it returns, so that no call can be left out.
  static int recur(int depth) {
    volatile int room[256];
    room[depth % 256] = depth;
    return depth < 0 ? room[0] : recur(depth + 1) + room[depth % 256];
  }
  struct Shared {
    explicit Shared(const Throwing& job) : job_(&job) {
      if (*job.where == "shared") job.stop_here();
    }
    ~Shared() {
      if (where_ == "destructor") job_->stop_here();
    }
    const Throwing* job_;
    std::string where_ = *job_->where;
  };
  void shape(mrun::Shape<Throwing>&) const {
    if (*where == "shape") stop_here();
  }

  void stop_here() const {
    if (*how == "fail") mrun::fail("the job says no");
    if (*how == "integer") throw 42;
    if (*how == "segv") std::raise(SIGSEGV);
    if (*how == "abort") std::abort();
    if (*how == "exit") std::exit(0);
    if (*how == "recursion") recur(1);
    throw std::runtime_error("the job has thrown");
  }

  void setup() {
    if (*where == "setup") stop_here();
  }
  void map(std::string_view line, mrun::Emit<std::string_view, std::uint64_t>& out) {
    if (*where == "thread") std::thread([this] { stop_here(); }).join();
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
