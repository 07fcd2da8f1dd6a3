// A combiner of its own whose fold throws.
#include <mrun/mrun.hpp>
#include <stdexcept>

struct ThrowingFold {
  struct Combine {
    static constexpr bool exact = true;
    static void fold(std::uint64_t& state, const std::uint64_t& value) {
      state += value;
      if (state == 3) throw std::runtime_error("no third one");
    }
  };
  void map(std::string_view line, mrun::Emit<std::string_view, std::uint64_t>& out) {
    for (const auto word : mrun::words{line}) out(word, 1);
  }
};
MRUN_JOB(ThrowingFold)
