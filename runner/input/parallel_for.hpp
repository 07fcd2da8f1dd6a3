// ParallelFor: how this layer asks for threads, which are the engine's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

#include "base/result.hpp"

namespace mrun {

/// Calls body(0) ... body(count - 1), perhaps side by side, and returns when all have returned.
using ParallelFor =
    std::function<void(std::size_t count, const std::function<void(std::size_t)>& body)>;

inline void one_after_another(std::size_t count, const std::function<void(std::size_t)>& body) {
  for (std::size_t index = 0; index < count; ++index) body(index);
}

/// Calls body(0) ... body(count - 1) in batches that are worth a task; the error of the lowest
/// index.
template <typename Body>
Result<void> for_each_batch(std::size_t count, const ParallelFor& parallel, const Body& body) {
  constexpr std::size_t kBatch = 256;
  const std::size_t batches = count / kBatch + (count % kBatch != 0 ? 1 : 0);
  std::vector<Result<void>> results(batches);
  parallel(batches, [&](std::size_t batch) {
    const std::size_t end = std::min(count, (batch + 1) * kBatch);
    for (std::size_t index = batch * kBatch; index < end && results[batch]; ++index)
      results[batch] = body(index);
  });
  for (Result<void>& result : results)
    if (!result) return std::move(result);
  return {};
}

}  // namespace mrun
