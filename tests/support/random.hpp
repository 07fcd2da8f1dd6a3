// Seeded random numbers, and how the environment sets a test's seed and size.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace mrun::test_support {

/// Random numbers that are the same on every machine for a seed.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// Uniform in [0, bound); `bound` at least 1.
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  template <typename T>
  const T& pick(const std::vector<T>& choices) {
    return choices[below(choices.size())];
  }

 private:
  std::mt19937_64 engine_;
};

/// MRUN_TEST_SEED, or 1. A test prints it where it fails.
std::uint64_t test_seed();
/// `full` times MRUN_TEST_SCALE (a factor such as 0.1, default 1), at least 1.
std::uint64_t scaled(std::uint64_t full);
/// MRUN_TEST_CASE: run only this case of a random test, to repeat a failure; -1: all.
std::int64_t only_case();

/// A seed for case `index` of a test that differs from those of all other cases.
inline std::uint64_t case_seed(std::uint64_t index) {
  return test_seed() * 0x9e3779b97f4a7c15u + index;
}

/// A text of about `size_bytes`, of a random kind: few words, all words different, any bytes, NUL
/// bytes, only newlines, CR LF, long lines, long common prefixes, no newline at the end...
std::string random_text(Random& random, std::uint64_t size_bytes);
/// Lines of few words. Every record has a key and a value.
std::string random_words(Random& random, std::uint64_t size_bytes, std::uint64_t vocabulary);

}  // namespace mrun::test_support
