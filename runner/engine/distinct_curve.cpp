#include "engine/distinct_curve.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace mrun {
namespace {

constexpr std::size_t kMost = KeyCounts::kCountsMost;
using Counts = std::array<double, kMost>;

double dot(const Counts& a, const Counts& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// The multiples of `columns` whose sum is nearest to `wanted`, by Gram and Schmidt's method, each
/// column twice, because they are nearly parallel.
std::vector<double> least_squares(const std::vector<Counts>& columns,
                                  const std::vector<std::size_t>& chosen, const Counts& wanted) {
  const std::size_t count = chosen.size();
  std::vector<Counts> base(count);
  std::vector<double> along(count), upper(count * count), multiples(count);
  Counts rest = wanted;
  for (std::size_t i = 0; i < count; ++i) {
    base[i] = columns[chosen[i]];
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t k = 0; k < i; ++k) {
        const double part = dot(base[k], base[i]);
        upper[k * count + i] += part;
        for (std::size_t j = 0; j < kMost; ++j) base[i][j] -= part * base[k][j];
      }
    const double norm = std::sqrt(dot(base[i], base[i]));
    upper[i * count + i] = norm;
    if (norm > 0)
      for (double& value : base[i]) value /= norm;
    along[i] = dot(base[i], rest);
    for (std::size_t j = 0; j < kMost; ++j) rest[j] -= along[i] * base[i][j];
  }
  for (std::size_t i = count; i-- > 0;) {
    double value = along[i];
    for (std::size_t k = i + 1; k < count; ++k) value -= upper[i * count + k] * multiples[k];
    const double norm = upper[i * count + i];
    multiples[i] = norm > 1e-9 ? value / norm : 0;  // A column that is the sum of others adds none.
  }
  return multiples;
}

/// Seen keys by the rate at which they occur in a piece.
class Mixture {
 public:
  /// Rates from `least` on.
  Mixture(const KeyCounts& counts, double pieces, double least) : pieces_(pieces) {
    constexpr double kStep = 0.3;               // Of the rates' logarithms.
    constexpr double kOftenMost = 1.5 * kMost;  // Occurrences in the sample.
    const double most = std::max(kOftenMost / pieces, 2 * least);
    const auto rates = static_cast<std::size_t>(std::log(most / least) / kStep) + 8;
    const double step = std::log(most / least) / static_cast<double>(rates - 1);
    for (std::size_t r = 0; r < rates; ++r)
      rates_.push_back(least * std::exp(step * static_cast<double>(r)));
    fit(counts);
  }

  /// How far the fit is off, as half of a sum of squares of standard deviations.
  double misfit() const { return misfit_; }
  /// Different keys of so many pieces.
  double keys_in(double pieces) const {
    double keys = 0;
    for (std::size_t r = 0; r < rates_.size(); ++r)
      if (keys_[r] > 0)
        keys += keys_[r] * std::expm1(-rates_[r] * pieces) / std::expm1(-rates_[r] * pieces_);
    return keys;
  }

 private:
  /// The chances that a seen key of a rate occurs in 1, 2, … of the sample's pieces.
  Counts chances(double rate) const {
    const double in_piece = -std::expm1(-rate), odds = std::expm1(rate);
    Counts chances{};
    double chance =
        pieces_ * in_piece * std::exp(-rate * (pieces_ - 1)) / -std::expm1(-rate * pieces_);
    for (std::size_t i = 0; i < kMost; ++i) {
      const auto count = static_cast<double>(i + 1);
      if (count > pieces_) break;
      chances[i] = chance;
      chance *= (pieces_ - count) / (count + 1) * odds;
    }
    return chances;
  }

  void fit(const KeyCounts& counts) {
    Counts wanted{}, deviations{};
    for (std::size_t i = 0; i < kMost; ++i) {
      const auto seen = static_cast<double>(counts.keys_of_count[i]);
      deviations[i] = std::sqrt(seen + 1);
      wanted[i] = seen / deviations[i];
    }
    std::vector<Counts> columns;
    for (const double rate : rates_) {
      columns.push_back(chances(rate));
      for (std::size_t i = 0; i < kMost; ++i) columns.back()[i] /= deviations[i];
    }
    keys_.assign(rates_.size(), 0);
    std::vector<std::size_t> chosen;
    Counts rest = wanted;
    constexpr int kRoundsMost = 60;
    for (int round = 0; round < kRoundsMost; ++round) {
      const std::size_t next = steepest(columns, chosen, rest);
      if (next == columns.size()) break;
      chosen.push_back(next);
      settle(columns, chosen, wanted);
      rest = wanted;
      for (const std::size_t r : chosen)
        for (std::size_t i = 0; i < kMost; ++i) rest[i] -= keys_[r] * columns[r][i];
    }
    misfit_ = dot(rest, rest) / 2;
  }

  /// The rate that would mend most of `rest`; the number of rates where none mends any.
  static std::size_t steepest(const std::vector<Counts>& columns,
                              const std::vector<std::size_t>& chosen, const Counts& rest) {
    constexpr double kNothing = 1e-3;
    std::size_t best = columns.size();
    double most = kNothing;
    for (std::size_t r = 0; r < columns.size(); ++r) {
      if (std::find(chosen.begin(), chosen.end(), r) != chosen.end()) continue;
      const double gain = dot(columns[r], rest) / std::sqrt(dot(columns[r], columns[r]));
      if (gain > most) {
        most = gain;
        best = r;
      }
    }
    return best;
  }

  /// Brings the chosen rates to the best fit that has no negative number of keys; those that come
  /// to none are no longer chosen.
  void settle(const std::vector<Counts>& columns, std::vector<std::size_t>& chosen,
              const Counts& wanted) {
    const double none = 1e-10 * (1 + std::accumulate(keys_.begin(), keys_.end(), 0.0));
    while (!chosen.empty()) {
      const std::vector<double> best = least_squares(columns, chosen, wanted);
      double way = 1;
      for (std::size_t i = 0; i < chosen.size(); ++i)
        if (best[i] <= 0)
          way = std::min(way, keys_[chosen[i]] / std::max(none, keys_[chosen[i]] - best[i]));
      for (std::size_t i = 0; i < chosen.size(); ++i)
        keys_[chosen[i]] += way * (best[i] - keys_[chosen[i]]);
      if (way >= 1) return;
      const auto is_none = [&](std::size_t r) { return keys_[r] <= none; };
      for (const std::size_t r : chosen)
        if (is_none(r)) keys_[r] = 0;
      if (std::erase_if(chosen, is_none) == 0) return;
    }
  }

  const double pieces_;
  double misfit_ = 0;
  std::vector<double> rates_;
  std::vector<double> keys_;  // That were seen, of each rate.
};

/// Mixtures of the keys of one length.
class Mixtures {
 public:
  Mixtures(const KeyCounts& counts, double pieces, double all_pieces)
      : common_(static_cast<double>(counts.keys_of_more)),
        common_missing_(1 - static_cast<double>(counts.pieces_of_more) /
                                std::max(1.0, common_ * pieces)) {
    // Occurrences in the whole input, of the rarest keys that a mixture allows: from keys that are
    // all different to such that nearly any sample shows.
    for (const double rarest : {0.001, 0.2, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0}) {
      const Mixture mixture(counts, pieces, rarest / all_pieces);
      constexpr double kHopeless = 20;  // What allows fewer rates fits no better.
      if (!mixtures_.empty() && mixture.misfit() > mixtures_.front().misfit() + kHopeless) break;
      mixtures_.push_back(mixture);
    }
    // Against the number of keys: of mixtures that fit alike the simpler ones are mostly right.
    double best = mixtures_.front().misfit();
    for (const Mixture& mixture : mixtures_) best = std::min(best, mixture.misfit());
    double sum = 0;
    for (const Mixture& mixture : mixtures_) {
      const double keys = std::max(1.0, mixture.keys_in(all_pieces));
      weights_.push_back(std::exp((best - mixture.misfit()) / 2) / (keys * keys * keys));
      sum += weights_.back();
    }
    for (double& weight : weights_) weight /= sum;
  }

  double keys_in(double pieces) const {
    double log_keys = 0;
    for (std::size_t i = 0; i < mixtures_.size(); ++i)
      log_keys += weights_[i] * std::log(std::max(1e-9, mixtures_[i].keys_in(pieces)));
    return common_ * (1 - std::pow(common_missing_, pieces)) + std::exp(log_keys);
  }

 private:
  const double common_;          // Keys of so many pieces that no rate need be known.
  const double common_missing_;  // The chance that one of them is not in a piece.
  std::vector<Mixture> mixtures_;
  std::vector<double> weights_;
};

}  // namespace

void KeyCounts::add(std::uint64_t pieces) {
  if (pieces <= kCountsMost) {
    ++keys_of_count[pieces - 1];
  } else {
    ++keys_of_more;
    pieces_of_more += pieces;
  }
}

std::uint64_t KeyCounts::keys() const {
  return std::accumulate(keys_of_count.begin(), keys_of_count.end(), keys_of_more);
}

DistinctCurve::DistinctCurve(const SampledKeys& sample, double pairs) {
  if (sample.pairs == 0 || pairs <= 0) return;
  constexpr std::size_t kPoints = 32;
  const auto pieces = static_cast<double>(sample.pieces);
  pairs_of_piece_ = static_cast<double>(sample.pairs) / pieces;
  const double all_pieces = std::max(pairs / pairs_of_piece_, 1 + 1e-9);
  step_ = std::log(all_pieces) / (kPoints - 1);
  keys_.assign(kPoints, 0);
  for (std::size_t length = 0; length < SampledKeys::kLengths; ++length) {
    const KeyCounts& counts = sample.of_length[length];
    if (counts.keys() == 0) continue;
    const Mixtures mixtures(counts, pieces, all_pieces);
    for (std::size_t i = 0; i < kPoints; ++i)
      keys_[i] += mixtures.keys_in(std::exp(step_ * static_cast<double>(i)));
    keys_of_length_[length] = mixtures.keys_in(all_pieces);
  }
  for (std::size_t i = 0; i < kPoints; ++i)
    keys_[i] = std::min(keys_[i], pairs_of_piece_ * std::exp(step_ * static_cast<double>(i)));
}

double DistinctCurve::keys_in(double pairs) const {
  if (keys_.empty() || pairs <= 0) return 0;
  const double at = std::log(pairs / pairs_of_piece_) / step_;
  // Within a piece keys are taken to grow by a power of the pairs (Heaps' law).
  if (at <= 0) {
    if (pairs <= 1 || pairs_of_piece_ <= 1) return pairs;
    return std::pow(pairs, std::log(std::max(1.0, keys_.front())) / std::log(pairs_of_piece_));
  }
  const auto below = std::min(static_cast<std::size_t>(at), keys_.size() - 2);
  const double share = std::min(1.0, at - static_cast<double>(below));
  return std::exp((1 - share) * std::log(keys_[below]) + share * std::log(keys_[below + 1]));
}

}  // namespace mrun
