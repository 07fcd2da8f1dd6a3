// ZipfSampler: draws ranks as often as words of a rank occur in natural text.
#pragma once

#include <cstdint>
#include <vector>

#include "generate/random.hpp"

namespace mrun::bench {

/// Ranks 0 … count - 1; rank r has a probability proportional to 1 / (r + 1). One random number and
/// one table cell a draw (Walker's alias method, in Vose's form). The table is built with divisions
/// and sums of doubles only, so that it is the same on every IEEE machine.
class ZipfSampler {
 public:
  /// `count` is at least 1.
  explicit ZipfSampler(std::uint32_t count);

  std::uint32_t draw(Random& random) const {
    const std::uint64_t number = random.next();
    const auto cell = static_cast<std::uint32_t>(((number >> 32) * cells_.size()) >> 32);
    const auto height = static_cast<std::uint32_t>(number);
    return height < cells_[cell].own_height ? cell : cells_[cell].alias;
  }

 private:
  struct Cell {
    std::uint32_t own_height;  ///< Of 2^32; what lies above belongs to `alias`.
    std::uint32_t alias;
  };
  std::vector<Cell> cells_;
};

}  // namespace mrun::bench
