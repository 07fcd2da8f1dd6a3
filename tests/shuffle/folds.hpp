// Jobs that fold, and what their folds must give.
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "shuffle/emits.hpp"
#include "shuffle/state_fold.hpp"

namespace mrun::test_support {

inline JobSpec folding_spec(bool exact) {
  JobSpec spec;
  spec.combine = CombineKind::fold;
  spec.state_size = 8;
  spec.fold_exact = exact;
  return spec;
}
inline JobSpec wide_spec() {
  JobSpec spec;
  spec.combine = CombineKind::lanes;
  spec.lanes = {LaneOp::sum_u64, LaneOp::min_i64, LaneOp::max_u64};
  spec.state_size = 24;
  return spec;
}

// States that fit no slot.
inline JobSpec huge_spec() {
  JobSpec spec = wide_spec();
  spec.lanes.insert(spec.lanes.end(), {LaneOp::sum_u64, LaneOp::max_i64, LaneOp::min_u64});
  spec.state_size = 48;
  return spec;
}

inline std::string random_state(Random& random, const JobSpec& spec) {
  std::string state;
  for (std::uint32_t i = 0; i < spec.state_size; i += 8) state += number_bytes(random.below(1000));
  return state;
}

inline Records random_states(Random& random, const JobSpec& spec, std::size_t count,
                             std::uint64_t keys) {
  std::vector<std::string> vocabulary;
  for (std::uint64_t i = 0; i < keys; ++i)
    vocabulary.push_back(hard_key(random) + (random.one_in(2) ? std::to_string(i) : ""));
  Records records;
  for (std::size_t i = 0; i < count; ++i)
    records.push_back({random.pick(vocabulary), random_state(random, spec), 0});
  return records;
}

// The fold of all states of each key, in order, with the job's own fold.
inline std::map<std::string, std::string> model(const Records& records, const StateFold& fold) {
  std::map<std::string, std::string> states;
  for (const Record& record : records) {
    const auto [at, is_new] = states.try_emplace(record.key, record.value);
    if (is_new) continue;
    std::vector<std::uint64_t> state(fold.state_size() / 8), value(state.size());
    std::memcpy(state.data(), at->second.data(), fold.state_size());
    std::memcpy(value.data(), record.value.data(), fold.state_size());
    void* const to = state.data();
    const void* const from = value.data();
    fold.fold(std::span(&to, 1), std::span(&from, 1));
    std::memcpy(at->second.data(), state.data(), fold.state_size());
  }
  return states;
}

}  // namespace mrun::test_support
