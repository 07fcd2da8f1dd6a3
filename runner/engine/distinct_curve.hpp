// DistinctCurve: how many different keys a number of pairs has, from a sample of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mrun {

/// How often keys occur in a sample.
struct KeyCounts {
  static constexpr std::size_t kCountsMost = 20;
  std::uint64_t pairs = 0;
  std::array<std::uint64_t, kCountsMost> keys_of_count{};  ///< [i]: keys that occur i + 1 times.
  std::array<std::uint64_t, 64> keys_of_more{};  ///< [i]: of those, that occur 2^i times or more.

  /// A key that occurs so often.
  void add(std::uint64_t count);
  std::uint64_t keys() const;
};

/// Up to 8 times the sample the curve is a mixture of Poisson rates fitted to the counts by
/// expectation maximisation (Norris and Pollock, Biometrika 85, 1998). Beyond, where many mixtures
/// fit equally well and most promise too much, it goes over to the geometric mean of that and of
/// Chao's lower bound (Chao, Scand. J. Stat. 11, 1984), half each from 64 times on. On uniform and
/// Zipf keys the error is below 5 % to 8 times the sample and below half at 60 times. Pure.
class DistinctCurve {
 public:
  explicit DistinctCurve(const KeyCounts& counts);
  /// Expected different keys among `pairs` pairs like the sample's.
  double keys_in(double pairs) const;

 private:
  void fit(std::span<const double> seen, double rare);
  double mixture(double times) const;
  double chao(double times) const;

  double pairs_;
  double keys_;
  double once_ = 0, unseen_ = 0;  // Keys that occur once, and not at all, by Chao.
  std::vector<double> rates_;     // Occurrences of a key in the sample: rare ones, then others.
  std::vector<double> keys_at_;   // How many seen keys have that rate.
};

}  // namespace mrun
