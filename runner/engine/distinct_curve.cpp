#include "engine/distinct_curve.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace mrun {
namespace {

constexpr std::size_t kRates = 36;  // From 30 occurrences down to 1 in 6,000 samples.
constexpr int kRounds = 3000;       // A few milliseconds; more change nothing that is known.
constexpr double kTimesOfMixture = 8, kTimesOfBoth = 64;

/// The share of keys of a rate that are seen `times` the sample, against those seen in the sample.
double seen_more(double rate, double times) {
  return std::expm1(-rate * times) / std::expm1(-rate);
}

}  // namespace

void KeyCounts::add(std::uint64_t count) {
  if (count <= kCountsMost)
    ++keys_of_count[count - 1];
  else
    ++keys_of_more[static_cast<std::size_t>(std::bit_width(count)) - 1];
}

std::uint64_t KeyCounts::keys() const {
  return std::accumulate(keys_of_count.begin(), keys_of_count.end(), std::uint64_t{0}) +
         std::accumulate(keys_of_more.begin(), keys_of_more.end(), std::uint64_t{0});
}

DistinctCurve::DistinctCurve(const KeyCounts& counts)
    : pairs_(static_cast<double>(counts.pairs)), keys_(static_cast<double>(counts.keys())) {
  constexpr std::size_t kMost = KeyCounts::kCountsMost;
  std::array<double, kMost> seen{};
  double rare = 0;
  for (std::size_t i = 0; i < kMost; ++i) {
    seen[i] = static_cast<double>(counts.keys_of_count[i]);
    rare += seen[i];
  }
  once_ = seen[0];
  if (seen[1] > 0) unseen_ = once_ * once_ / (2 * seen[1]);
  if (rare > 0) fit(seen, rare);
  for (std::size_t i = 0; i < counts.keys_of_more.size(); ++i) {
    if (counts.keys_of_more[i] == 0) continue;
    rates_.push_back(1.5 * std::exp2(static_cast<double>(i)));
    keys_at_.push_back(static_cast<double>(counts.keys_of_more[i]));
  }
}

/// Finds the rates of the `rare` keys, of which seen[i] occur i + 1 times.
void DistinctCurve::fit(std::span<const double> seen, double rare) {
  constexpr std::size_t kMost = KeyCounts::kCountsMost;

  // chance[i][r]: that a seen key of rate r occurs i + 1 times.
  std::array<std::array<double, kRates>, kMost> chance{};
  std::vector<double> share(kRates, 1.0 / kRates);
  for (std::size_t r = 0; r < kRates; ++r) {
    rates_.push_back(1.5 * kMost * std::exp2(-static_cast<double>(r) / 2));
    double term = std::exp(-rates_[r]) / -std::expm1(-rates_[r]);
    for (std::size_t i = 0; i < kMost; ++i) {
      term *= rates_[r] / static_cast<double>(i + 1);
      chance[i][r] = term;
    }
  }
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> next(kRates);
    for (std::size_t i = 0; i < kMost; ++i) {
      if (seen[i] == 0) continue;
      const double all = std::inner_product(share.begin(), share.end(), chance[i].begin(), 0.0);
      for (std::size_t r = 0; r < kRates; ++r)
        next[r] += seen[i] / rare * share[r] * chance[i][r] / all;
    }
    share = std::move(next);
  }
  for (const double part : share) keys_at_.push_back(part * rare);
}

double DistinctCurve::mixture(double times) const {
  double keys = 0;
  for (std::size_t r = 0; r < rates_.size(); ++r) keys += keys_at_[r] * seen_more(rates_[r], times);
  return keys;
}

double DistinctCurve::chao(double times) const {
  if (unseen_ == 0) return keys_ + (times - 1) * once_;  // Each key was new, and the next will be.
  return keys_ - unseen_ * std::expm1(-(times - 1) * once_ / unseen_);
}

double DistinctCurve::keys_in(double pairs) const {
  if (pairs_ == 0) return 0;
  const double times = pairs / pairs_;
  const double upper = std::min(pairs, mixture(times));
  if (times <= kTimesOfMixture) return upper;
  const double weight = 0.5 * std::min(1.0, std::log(times / kTimesOfMixture) /
                                                std::log(kTimesOfBoth / kTimesOfMixture));
  return std::exp((1 - weight) * std::log(upper) + weight * std::log(std::min(upper, chao(times))));
}

}  // namespace mrun
