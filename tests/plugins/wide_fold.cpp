// A fold of its own over a state of 64 bytes, in which any order and grouping gives the same bits.
#include <array>

#include "combining_job.hpp"

struct Histogram {
  std::array<std::uint64_t, 8> buckets{};
};
inline Histogram histogram_of(std::string_view value) {
  Histogram one;
  one.buckets[test_jobs::mix(value) % one.buckets.size()] = 1;
  return one;
}

struct WideFold : test_jobs::CombiningJob<Histogram, histogram_of> {
  struct Combine {
    static constexpr bool exact = true;
    static void fold(Histogram& state, const Histogram& value) {
      for (std::size_t i = 0; i < state.buckets.size(); ++i) state.buckets[i] += value.buckets[i];
    }
  };
  void reduce(std::string_view key, mrun::Values<Histogram>& values, mrun::Out& out) {
    std::string text;
    for (const Histogram& histogram : values) {
      for (const std::uint64_t count : histogram.buckets) text += std::to_string(count) + ',';
    }
    out(key, text);
  }
};
MRUN_JOB(WideFold)
