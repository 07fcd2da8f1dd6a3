#include "shuffle/fold_source.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "base/check.hpp"

namespace mrun {
namespace {

// A plain sum, weighed by bits of its key: odd, so that no bit of the sum is lost.
std::uint64_t weighed_value(const Pair& pair) {
  std::uint64_t sum;
  std::memcpy(&sum, pair.value, sizeof sum);
  return sum * ((std::rotl(pair.k0, 7) ^ pair.k1 ^ pair.klen) * 2 + 1);
}

}  // namespace

void FoldSource::begin_group(const Pair& pair) {
  groups_.push_back(pair);
  std::uint8_t* const state =
      reinterpret_cast<std::uint8_t*>(states_.data()) + (groups_.size() - 1) * fold_.state_size();
  std::memcpy(state, pair.value, fold_.state_size());
  groups_.back().value = state;
}

void FoldSource::queue_fold(const void* value) {
  const std::uint8_t* const state = groups_.back().value;
  if (fold_.is_plain_sum()) {
    std::uint64_t sum, more;
    std::memcpy(&sum, state, sizeof sum);
    std::memcpy(&more, value, sizeof more);
    sum += more;
    std::memcpy(const_cast<std::uint8_t*>(state), &sum, sizeof sum);
    ++folded_;
    return;
  }
  if (reinterpret_cast<std::uintptr_t>(value) % alignof(std::uint64_t) != 0) {
    // Values read from a run lie anywhere; a job's fold is promised aligned ones.
    aligned_.resize(StateFold::kBatch * open_state_.size());
    void* const copy = aligned_.data() + fold_values_.size() * open_state_.size();
    std::memcpy(copy, value, fold_.state_size());
    value = copy;
  }
  fold_states_.push_back(const_cast<std::uint8_t*>(state));
  fold_values_.push_back(value);
  if (fold_values_.size() == StateFold::kBatch) run_folds();
}

void FoldSource::run_folds() {
  folded_ += fold_values_.size();
  if (!fold_values_.empty()) fold_.fold(fold_states_, fold_values_);
  fold_states_.clear();
  fold_values_.clear();
}

void FoldSource::keep_last() {
  open_ = groups_.back();
  groups_.pop_back();
  const std::uint32_t tail = open_.tail_size();
  open_tail_.assign(open_.tail, open_.tail + tail);
  open_.tail = open_tail_.data();
  std::memcpy(open_state_.data(), open_.value, fold_.state_size());
  open_.value = reinterpret_cast<const std::uint8_t*>(open_state_.data());
  has_open_ = true;
}

Result<std::span<const Pair>> FoldSource::next() {
  if (ended_) return std::span<const Pair>();
  open_state_.resize(fold_.state_size() / sizeof(std::uint64_t));
  while (!ended_) {
    MRUN_TRY_ASSIGN(const std::span<const Pair> batch, from_->next());
    take(batch);
    groups_.clear();
    states_.resize((batch.size() + 1) * fold_.state_size() / sizeof(std::uint64_t));
    if (has_open_) begin_group(open_);
    if (batch.empty()) {
      ended_ = true;
      break;
    }
    for (const Pair& pair : batch) {
      MRUN_CHECK(pair.vlen == fold_.state_size());
      if (!groups_.empty() && same_key(groups_.back(), pair)) {
        queue_fold(pair.value);
      } else {
        begin_group(pair);
      }
    }
    run_folds();
    held_tail_.swap(open_tail_);  // A finished group may still point at it.
    keep_last();
    give(groups_);
    if (!groups_.empty()) return std::span<const Pair>(groups_);
  }
  has_open_ = false;
  give(groups_);
  MRUN_TRY(check());
  return std::span<const Pair>(groups_);
}

void FoldSource::take(std::span<const Pair> pairs) {
  taken_ += pairs.size();
  in_ += pairs.size();
  if (!fold_.is_plain_sum()) return;
  for (const Pair& pair : pairs) weighed_in_ += weighed_value(pair);
}

void FoldSource::give(std::span<const Pair> pairs) {
  out_ += pairs.size();
  if (!fold_.is_plain_sum()) return;
  for (const Pair& pair : pairs) weighed_out_ += weighed_value(pair);
}

Result<void> FoldSource::check() const {
  if (in_ == folded_ + out_ && weighed_in_ == weighed_out_) return {};
  return fail(Code::integrity,
              fmt::format("{} pairs came to be folded, {} were folded into {} others: a pair was "
                          "lost, doubled or changed",
                          in_, folded_, out_),
              "this is a bug in mrun or a fault of the machine's memory; no output was made");
}

Result<std::span<const Pair>> UniqueSource::next() {
  while (true) {
    MRUN_TRY_ASSIGN(const std::span<const Pair> batch, from_->next());
    taken_ += batch.size();
    kept_.clear();
    if (batch.empty()) return std::span<const Pair>(kept_);
    const Pair* before = has_last_ ? &last_ : nullptr;
    for (const Pair& pair : batch) {
      const bool repeats =
          before != nullptr && before->vlen == pair.vlen && same_key(*before, pair) &&
          (between_ == Between::nothing || before->task == pair.task) &&
          (pair.vlen == 0 || std::memcmp(before->value, pair.value, pair.vlen) == 0);
      if (!repeats) kept_.push_back(pair);
      before = &pair;
    }
    remember(batch.back());
    if (!kept_.empty()) return std::span<const Pair>(kept_);
  }
}

void UniqueSource::remember(const Pair& pair) {
  const std::size_t tail = pair.tail_size();
  std::vector<std::uint8_t> bytes;
  bytes.reserve(tail + pair.vlen);
  bytes.insert(bytes.end(), pair.tail, pair.tail + tail);
  bytes.insert(bytes.end(), pair.value, pair.value + pair.vlen);
  last_ = pair;
  last_bytes_ = std::move(bytes);
  last_.tail = last_bytes_.data();
  last_.value = last_bytes_.data() + tail;
  has_last_ = true;
}

}  // namespace mrun
