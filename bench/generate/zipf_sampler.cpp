// Builds the alias table of a Zipf distribution.
#include "generate/zipf_sampler.hpp"

namespace mrun::bench {

ZipfSampler::ZipfSampler(std::uint32_t count) {
  double total = 0;
  for (std::uint32_t rank = 0; rank < count; ++rank) total += 1.0 / (rank + 1.0);

  // Weights are scaled to a mean of 1. A cell of less weight is topped up by one of more.
  std::vector<double> weight(count);
  std::vector<std::uint32_t> light, heavy;
  for (std::uint32_t rank = 0; rank < count; ++rank) {
    weight[rank] = 1.0 / (rank + 1.0) / total * count;
    (weight[rank] < 1 ? light : heavy).push_back(rank);
  }

  // What rounding leaves over keeps its own cell whole.
  cells_.resize(count);
  for (std::uint32_t rank = 0; rank < count; ++rank) cells_[rank] = {0xffffffffu, rank};
  while (!light.empty() && !heavy.empty()) {
    const std::uint32_t small = light.back(), large = heavy.back();
    light.pop_back();
    cells_[small] = {static_cast<std::uint32_t>(weight[small] * 0xffffffffu), large};
    weight[large] -= 1 - weight[small];
    if (weight[large] < 1) {
      heavy.pop_back();
      light.push_back(large);
    }
  }
}

}  // namespace mrun::bench
