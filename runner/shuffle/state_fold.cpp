#include "shuffle/state_fold.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.hpp"

namespace mrun {
namespace {

template <typename T, typename Combine>
void combine_lane(std::uint64_t& state, std::uint64_t value, const Combine& combine) {
  state = std::bit_cast<std::uint64_t>(
      static_cast<T>(combine(std::bit_cast<T>(state), std::bit_cast<T>(value))));
}

// A double's place in the total order that key encodings use: minima and maxima then do not depend
// on the order of -0.0, +0.0 and NaN.
std::uint64_t order_of(double number) {
  const auto bits = std::bit_cast<std::uint64_t>(number);
  return (bits >> 63) != 0 ? ~bits : bits | (std::uint64_t{1} << 63);
}

void apply(LaneOp op, std::uint64_t& state, std::uint64_t value) {
  switch (op) {
    case LaneOp::sum_u64:
      state += value;
      return;
    case LaneOp::sum_f64:
      return combine_lane<double>(state, value, [](double a, double b) { return a + b; });
    case LaneOp::min_u64:
      state = std::min(state, value);
      return;
    case LaneOp::max_u64:
      state = std::max(state, value);
      return;
    case LaneOp::min_i64:
      return combine_lane<std::int64_t>(state, value,
                                        [](auto a, auto b) { return std::min(a, b); });
    case LaneOp::max_i64:
      return combine_lane<std::int64_t>(state, value,
                                        [](auto a, auto b) { return std::max(a, b); });
    case LaneOp::min_f64:
      return combine_lane<double>(
          state, value, [](double a, double b) { return order_of(b) < order_of(a) ? b : a; });
    case LaneOp::max_f64:
      return combine_lane<double>(
          state, value, [](double a, double b) { return order_of(b) > order_of(a) ? b : a; });
  }
  MRUN_CHECK(false);
}

}  // namespace

StateFold::StateFold(const UserCode& job) : job_(job), state_size_(job.spec().state_size) {
  const JobSpec& spec = job.spec();
  const bool lanes = spec.combine == CombineKind::lanes;
  plain_sum_ = lanes && spec.lanes.size() == 1 && spec.lanes[0] == LaneOp::sum_u64;
  exact_ = spec.folds_exactly();
}

void StateFold::fold(std::span<void* const> states, std::span<const void* const> values) const {
  MRUN_CHECK(states.size() <= kBatch && states.size() == values.size());
  if (job_.spec().combine == CombineKind::fold) {
    job_.fold(states, values);
    return;
  }
  for (std::size_t i = 0; i < states.size(); ++i) fold_lanes(states[i], values[i]);
}

void StateFold::fold_lanes(void* state, const void* value) const {
  auto* const to = static_cast<std::uint8_t*>(state);
  const auto* const from = static_cast<const std::uint8_t*>(value);
  std::size_t offset = 0;
  for (const LaneOp op : job_.spec().lanes) {
    std::uint64_t a, b;
    std::memcpy(&a, to + offset, sizeof a);
    std::memcpy(&b, from + offset, sizeof b);
    apply(op, a, b);
    std::memcpy(to + offset, &a, sizeof a);
    offset += sizeof a;
  }
}

}  // namespace mrun
