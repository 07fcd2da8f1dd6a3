// combined: what a job's combiner makes of pairs, one value at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../plugin.h"
#include "pair.hpp"

namespace mrun::test {

/// One lane of 8 bytes: `x` with `y` folded in.
inline std::uint64_t folded_lane(std::uint32_t operation, std::uint64_t x, std::uint64_t y) {
  const auto real = [](std::uint64_t bits) { return std::bit_cast<double>(bits); };
  const auto number = [](std::uint64_t bits) { return static_cast<std::int64_t>(bits); };
  // IEEE 754's total order of the doubles with these bits.
  const auto total_order = [](std::uint64_t bits) {
    return (bits >> 63) != 0 ? ~bits : bits | std::uint64_t{1} << 63;
  };
  switch (operation) {
    case MRUN_LANE_SUM_U64:
      return x + y;
    case MRUN_LANE_SUM_F64:
      return std::bit_cast<std::uint64_t>(real(x) + real(y));
    case MRUN_LANE_MIN_U64:
      return y < x ? y : x;
    case MRUN_LANE_MAX_U64:
      return y > x ? y : x;
    case MRUN_LANE_MIN_I64:
      return number(y) < number(x) ? y : x;
    case MRUN_LANE_MAX_I64:
      return number(y) > number(x) ? y : x;
    case MRUN_LANE_MIN_F64:
      return total_order(y) < total_order(x) ? y : x;
    case MRUN_LANE_MAX_F64:
      return total_order(y) > total_order(x) ? y : x;
    default:
      throw std::runtime_error("the job declares a lane operation that does not exist");
  }
}

/// Folds `value` into `state`. `object`: the configured job.
inline void fold_into(std::string& state, const std::string& value, const mrun_job& job,
                      void* object) {
  if (state.size() != job.state_size || value.size() != job.state_size)
    throw std::runtime_error("a combined value does not have state_size bytes");
  alignas(8) std::uint8_t a[256];
  alignas(8) std::uint8_t b[256];
  std::memcpy(a, state.data(), state.size());
  std::memcpy(b, value.data(), value.size());
  if (job.combine == MRUN_C_FOLD) {
    void* const acc = a;
    const void* const val = b;
    job.fold(object, 1, &acc, &val);
  } else {
    for (std::size_t lane = 0; lane < state.size() / 8; ++lane) {
      std::uint64_t x, y;
      std::memcpy(&x, a + lane * 8, 8);
      std::memcpy(&y, b + lane * 8, 8);
      x = folded_lane(job.lane_ops[lane], x, y);
      std::memcpy(a + lane * 8, &x, 8);
    }
  }
  state.assign(reinterpret_cast<const char*>(a), state.size());
}

/// Combines the values of equal keys; keys stay in the order of their first pair.
inline std::vector<Pair> combined(std::vector<Pair> pairs, const mrun_job& job, void* object) {
  if (job.combine == MRUN_C_NONE) return pairs;
  std::map<std::string, std::size_t> index;  // of the key's state, or of its last value (UNIQUE)
  std::vector<Pair> kept;
  for (Pair& pair : pairs) {
    const auto found = index.find(pair.key);
    if (found != index.end()) {
      if (job.combine != MRUN_C_UNIQUE) {
        fold_into(kept[found->second].value, pair.value, job, object);
        continue;
      }
      if (kept[found->second].value == pair.value) continue;
    }
    index[pair.key] = kept.size();
    kept.push_back(std::move(pair));
  }
  return kept;
}

}  // namespace mrun::test
