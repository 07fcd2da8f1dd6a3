// A fold of its own that may be grouped in any way but not reordered: it says that it is not exact.
#include "combining_job.hpp"

struct AffineFold : test_jobs::CombiningJob<test_jobs::Affine, test_jobs::affine_of> {
  struct Combine {
    static void fold(test_jobs::Affine& state, const test_jobs::Affine& value) {
      state = test_jobs::then(state, value);
    }
  };
  void reduce(std::string_view key, mrun::Values<test_jobs::Affine>& values, mrun::Out& out) {
    for (const test_jobs::Affine& all : values) out(key, all.a, all.b);
  }
};
MRUN_JOB(AffineFold)
