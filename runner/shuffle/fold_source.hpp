// FoldSource, UniqueSource: what a combiner does to pairs that are already in order.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "shuffle/pair.hpp"
#include "shuffle/state_fold.hpp"

namespace mrun {

/// One pair a key: the states of equal keys folded in input order.
///
/// Every value must be a state of state_size bytes. Ends with Code::integrity where a pair was
/// lost or doubled on the way through it.
class FoldSource final : public PairSource {
 public:
  /// `fold` and `taken`, which counts the pairs that came in, outlive the source.
  FoldSource(std::unique_ptr<PairSource> from, const StateFold& fold, std::uint64_t& taken)
      : from_(std::move(from)), fold_(fold), taken_(taken) {}
  Result<std::span<const Pair>> next() override;

 private:
  void begin_group(const Pair& pair);
  void queue_fold(const void* value);
  void run_folds();
  void keep_last();
  void take(std::span<const Pair> pairs);
  void give(std::span<const Pair> pairs);
  Result<void> check() const;

  std::unique_ptr<PairSource> from_;
  const StateFold& fold_;
  std::uint64_t& taken_;
  // Sums over all pairs: of those that came in, against those that went out or were folded.
  std::uint64_t in_ = 0, folded_ = 0, out_ = 0;
  std::uint64_t weighed_in_ = 0, weighed_out_ = 0;  // Plain sums: each value times its key's bits.
  bool ended_ = false;
  std::vector<Pair> groups_;           // Whole keys found in this batch; values point into states_.
  std::vector<std::uint64_t> states_;  // state_size bytes for each of groups_.
  std::vector<void*> fold_states_;
  std::vector<const void*> fold_values_;
  std::vector<std::uint64_t> aligned_;  // Copies of the batch's values that are not 8-aligned.
  bool has_open_ = false;  // The last key of the batch before: its values may go on in the next.
  Pair open_;
  std::vector<std::uint8_t> open_tail_;
  std::vector<std::uint8_t>
      held_tail_;  // Of the open key before: the batch that is out may show it.
  std::vector<std::uint64_t> open_state_;
};

/// Drops a value that is equal to the one before it under the same key.
class UniqueSource final : public PairSource {
 public:
  /// What may be between two neighbours of the stream: nothing, where it has all pairs of a key; or
  /// pairs of tasks that are missing here, so that only neighbours of one task may be compared.
  enum class Between : std::uint8_t { nothing, other_tasks };

  /// `taken`, which counts the pairs that came in, outlives the source.
  UniqueSource(std::unique_ptr<PairSource> from, Between between, std::uint64_t& taken)
      : from_(std::move(from)), between_(between), taken_(taken) {}
  Result<std::span<const Pair>> next() override;

 private:
  void remember(const Pair& pair);

  std::unique_ptr<PairSource> from_;
  const Between between_;
  std::uint64_t& taken_;
  std::vector<Pair> kept_;
  bool has_last_ = false;
  Pair last_;
  std::vector<std::uint8_t> last_bytes_;  // The last pair's tail, then its value.
};

/// The combiner of a job, as sorted streams need it.
struct SortedCombiner {
  const StateFold* fold = nullptr;  ///< Null: the job folds nothing.
  bool unique = false;

  /// Whether pairs may be combined before all pairs of their key are together.
  bool combines_early() const { return unique || (fold != nullptr && fold->is_exact()); }
  bool combines() const { return unique || fold != nullptr; }
  /// A stream that has some of its keys' pairs, with this combiner applied; only where it combines
  /// early. `taken` counts the pairs that came in, and outlives it.
  std::unique_ptr<PairSource> wrap_some(std::unique_ptr<PairSource> source,
                                        std::uint64_t& taken) const {
    return wrap(std::move(source), UniqueSource::Between::other_tasks, taken);
  }
  /// The same for a stream that has all of them; only where it combines.
  std::unique_ptr<PairSource> wrap_all(std::unique_ptr<PairSource> source,
                                       std::uint64_t& taken) const {
    return wrap(std::move(source), UniqueSource::Between::nothing, taken);
  }

 private:
  std::unique_ptr<PairSource> wrap(std::unique_ptr<PairSource> source,
                                   UniqueSource::Between between, std::uint64_t& taken) const {
    if (fold != nullptr) return std::make_unique<FoldSource>(std::move(source), *fold, taken);
    return std::make_unique<UniqueSource>(std::move(source), between, taken);
  }
};

}  // namespace mrun
