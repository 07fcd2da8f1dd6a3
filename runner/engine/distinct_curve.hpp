// DistinctCurve: how many different keys a part of the input has, or all of it, from a sample.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mrun {

/// In how many pieces of a sample keys occur. Pieces and not pairs are counted: a key that stands
/// often in one place and nowhere else (a time, a title) says nothing of other places.
struct KeyCounts {
  static constexpr std::size_t kCountsMost = 20;
  std::array<std::uint64_t, kCountsMost> keys_of_count{};  ///< [i]: keys of i + 1 pieces.
  std::uint64_t keys_of_more = 0,
                pieces_of_more = 0;  ///< Keys of more pieces, and the sum of these.

  /// A key of so many pieces.
  void add(std::uint64_t pieces);
  std::uint64_t keys() const;
};

/// What is known of a sample's keys. Keys of one length are more alike than keys of all lengths:
/// each length is looked at by itself.
struct SampledKeys {
  static constexpr std::size_t kLengths = 32;  ///< The last is that of longer keys, too.
  std::uint64_t pieces = 0;                    ///< Of like size, from places far apart.
  std::uint64_t pairs = 0;
  std::array<KeyCounts, kLengths> of_length{};
};

/// Keys are taken for a mixture of rates at which they occur in a piece, which is fitted to the
/// counts by least squares without negative weights (Lawson and Hanson, Solving Least Squares
/// Problems, 1974; rates: Norris and Pollock, Biometrika 85, 1998). Below some rate no sample tells
/// many rare keys from few. So mixtures are fitted with different least rates, and their mean is
/// taken, weighed by how well they fit and against how many keys they promise. Pure.
class DistinctCurve {
 public:
  /// `pairs`: of the whole input; the curve ends there.
  DistinctCurve(const SampledKeys& sample, double pairs);
  /// Expected different keys among `pairs` neighbouring pairs of the input.
  double keys_in(double pairs) const;
  /// Of them, of the whole input, those of a length.
  double keys_of_length(std::size_t length) const { return keys_of_length_[length]; }

 private:
  double pairs_of_piece_ = 0;
  double step_ = 0;           // Logarithm of pieces from one of `keys_` to the next.
  std::vector<double> keys_;  // From one piece on to all of the input.
  std::array<double, SampledKeys::kLengths> keys_of_length_{};
};

}  // namespace mrun
