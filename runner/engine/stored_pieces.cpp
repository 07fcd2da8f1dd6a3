#include "engine/stored_pieces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/size_text.hpp"
#include "engine/first_failure.hpp"
#include "engine/limited_loop.hpp"
#include "output/table_part.hpp"
#include "shuffle/merger.hpp"
#include "table/table_cuts.hpp"

namespace mrun {
namespace {

/// With fewer parts than this for each thread, parts are cut into pieces of about so many bytes.
constexpr std::uint32_t kPartsPerThread = 4;
constexpr std::uint64_t kPieceBytes = std::uint64_t{32} << 20;

/// A part that a piece reads, and whether it has pairs of other pieces, too.
struct Reading {
  const StoredPart* part;
  bool is_shared;
};

bool may_hold(const KeyBounds& keys, const KeyRange& range) {
  return (!range.has_low || keys.reaches(range.low)) &&
         !(range.has_high && keys.first >= range.high);
}

/// Sources that follow each other, opened one at a time.
class Chain final : public PairSource {
 public:
  using Open = std::function<Result<std::unique_ptr<PairSource>>(const StoredPart&)>;
  Chain(std::vector<const StoredPart*> parts, Open open)
      : parts_(std::move(parts)), open_(std::move(open)) {}

  Result<std::span<const Pair>> next() override {
    for (;; ++at_) {
      if (at_ == parts_.size()) return std::span<const Pair>();
      if (source_ == nullptr) {
        MRUN_TRY_ASSIGN(source_, open_(*parts_[at_]));
      }
      MRUN_TRY_ASSIGN(const std::span<const Pair> pairs, source_->next());
      if (!pairs.empty()) return pairs;
      source_.reset();
    }
  }

 private:
  const std::vector<const StoredPart*> parts_;
  const Open open_;
  std::size_t at_ = 0;
  std::unique_ptr<PairSource> source_;
};

class StoredPieces final : public PieceSource {
 public:
  StoredPieces(std::vector<StoredOutput> outputs, const UserCode& job, std::uint32_t part_count,
               MemoryBudget& budget)
      : outputs_(std::move(outputs)),
        job_(job),
        part_count_(part_count),
        budget_(budget),
        partitioner_(job, part_count) {
    for (const StoredOutput& output : outputs_)
      for (const StoredOutput::Part& part : output.parts) pairs_ += part.stored.records;
  }

  /// False where not even one piece fits the budget.
  Result<bool> plan_work(const StoredPiecesSetup& setup) {
    MRUN_TRY_ASSIGN(std::vector<KeyBorders> cuts, cut_partitions(setup.executor.width()));
    if (job_.spec().total_order) {
      plan_ = PiecePlan::of_total_order(balanced_borders(setup.sample, part_count_), cuts.front());
    } else {
      plan_ = PiecePlan::of_partitions(std::move(cuts));
    }
    std::size_t sources_most = 1;
    for (std::size_t i = 0; i < plan_->size(); ++i)
      sources_most = std::max(sources_most, sources_of(plan_->piece(i)));
    const std::size_t piece_bytes =
        sources_most * stored_source_bytes() + Merger::memory_bytes(sources_most);
    const std::size_t fitting = budget_.limit_bytes() / piece_bytes;
    if (fitting == 0) return false;
    at_once_ = static_cast<unsigned>(std::min<std::size_t>(fitting, setup.executor.width()));
    return true;
  }

  /// The most that a part needs that is not cut.
  std::size_t sources_of_parts() const {
    std::size_t most = 0;
    for (std::uint32_t partition = 0; partition < partitioner_.partitions(); ++partition)
      most = std::max(most, sources_of({0, partition, {}}));
    return most;
  }

  const PiecePlan& plan() const override { return *plan_; }
  unsigned at_once() const override { return at_once_; }
  std::uint64_t pair_count() const override { return pairs_; }

  Result<std::unique_ptr<PairSource>> open(std::size_t index) override {
    const Piece piece = plan_->piece(index);
    std::vector<std::unique_ptr<PairSource>> sources;
    for (const StoredOutput& output : outputs_) {
      const std::vector<Reading> readings = readings_of(output, piece);
      if (job_.spec().total_order) {
        std::vector<const StoredPart*> parts;
        for (const Reading& reading : readings) parts.push_back(reading.part);
        sources.push_back(std::make_unique<Chain>(
            std::move(parts), [this, range = piece.range](const StoredPart& part) {
              return open_stored(part, range, nullptr, 0, shape());
            }));
        continue;
      }
      for (const Reading& reading : readings) {
        MRUN_TRY_ASSIGN(auto source, open_stored(*reading.part, piece.range,
                                                 reading.is_shared ? &partitioner_ : nullptr,
                                                 piece.partition, shape()));
        sources.push_back(std::move(source));
      }
    }
    MRUN_TRY_ASSIGN(auto merger, Merger::create(budget_, std::move(sources)));
    return std::unique_ptr<PairSource>(std::move(merger));
  }

  Result<void> check() const override {
    if (tally_ == pairs_) return {};
    return fail(
        Code::integrity,
        fmt::format("the merge read {} pairs of outputs that hold {}", tally_.load(), pairs_),
        "this is a bug in mrun; no output was made");
  }

 private:
  StoredShape shape() { return {job_.spec(), budget_, tally_}; }

  /// Sources that are open at once: the parts of a total order follow each other.
  std::size_t sources_of(const Piece& piece) const {
    if (job_.spec().total_order) return outputs_.size();
    std::size_t sources = 0;
    for (const StoredOutput& output : outputs_) sources += readings_of(output, piece).size();
    return sources;
  }

  /// The parts of an output that may have pairs of the piece.
  std::vector<Reading> readings_of(const StoredOutput& output, const Piece& piece) const {
    std::vector<Reading> readings;
    const std::uint64_t old_count = output.parts.size(), new_count = part_count_;
    for (std::uint64_t old = 0; old < old_count; ++old) {
      const StoredOutput::Part& part = output.parts[old];
      // A key that changes may belong to any other part.
      const bool keys_change = changes_keys(job_.spec(), part.stored.ordinals_add);
      bool is_shared = false;
      if (!job_.spec().total_order && keys_change) {
        is_shared = new_count > 1;
      } else if (!job_.spec().total_order && old_count != new_count) {
        // Partition p of n has the hashes from p/n to (p + 1)/n of their range.
        const bool is_hashed = !job_.spec().has_partition;
        if (is_hashed && (old * new_count >= (piece.partition + 1) * old_count ||
                          piece.partition * old_count >= (old + 1) * new_count))
          continue;
        is_shared = new_count > 1;
      } else if (!job_.spec().total_order && old != piece.partition) {
        continue;
      }
      if (part.stored.records == 0) continue;
      if (!part.keys || keys_change || may_hold(*part.keys, piece.range))
        readings.push_back({&part.stored, is_shared});
    }
    return readings;
  }

  /// Where the parts alone would leave cores idle, they are cut into ranges by the tables' indexes.
  Result<std::vector<KeyBorders>> cut_partitions(unsigned width) const {
    const std::uint32_t partitions = partitioner_.partitions();
    std::vector<KeyBorders> cuts(partitions);
    const bool keys_change = std::any_of(outputs_.begin(), outputs_.end(), [&](const auto& output) {
      return !output.parts.empty() &&
             changes_keys(job_.spec(), output.parts.front().stored.ordinals_add);
    });
    if (partitions >= kPartsPerThread * width || keys_change) return cuts;
    std::vector<std::vector<WeightedKey>> samples(partitions);
    for (std::uint32_t partition = 0; partition < partitions; ++partition)
      for (const StoredOutput& output : outputs_)
        for (const Reading& reading : readings_of(output, {0, partition, {}}))
          MRUN_TRY(sample_index(*reading.part, samples[partition]));
    for (std::uint32_t partition = 0; partition < partitions; ++partition) {
      std::uint64_t bytes = 0;
      for (const WeightedKey& sample : samples[partition]) bytes += sample.weight;
      cuts[partition] = balanced_borders(std::move(samples[partition]), bytes / kPieceBytes + 1);
    }
    return cuts;
  }

  static Result<void> sample_index(const StoredPart& part, std::vector<WeightedKey>& samples) {
    if (part.format != OutputFormat::table) return {};
    MRUN_TRY_ASSIGN(const auto reader, open_table_part(part.path, part.size_bytes, part.records,
                                                       MappedFile::Reading::often));
    MRUN_TRY_ASSIGN(std::vector<TableCut> cuts, cut_table(*reader, kPieceBytes / 8));
    for (TableCut& cut : cuts) samples.push_back({std::move(cut.key), cut.raw_bytes});
    return {};
  }

  const std::vector<StoredOutput> outputs_;
  const UserCode& job_;
  const std::uint32_t part_count_;
  MemoryBudget& budget_;
  const Partitioner partitioner_;
  std::optional<PiecePlan> plan_;
  unsigned at_once_ = 1;
  std::uint64_t pairs_ = 0;
  PairTally tally_{0};
};

Result<void> sample_part(const StoredPart& part, const UserCode& job, MemoryBudget& budget,
                         const StopFlag& stop, PairTally& sampled, KeySample& sample) {
  MRUN_TRY_ASSIGN(const auto source,
                  open_stored(part, {}, nullptr, 0, {job.spec(), budget, sampled}));
  while (true) {
    if (stop.stopped()) return fail(Code::cancelled, "stopped");
    MRUN_TRY_ASSIGN(const std::span<const Pair> pairs, source->next());
    if (pairs.empty()) return {};
    sample.add(job, pairs);
  }
}

}  // namespace

// So a run over all the input finds its borders, too.
Result<std::vector<WeightedKey>> sample_outputs(const std::vector<StoredOutput>& outputs,
                                                const UserCode& job, std::uint32_t part_count,
                                                MemoryBudget& budget, Executor& executor,
                                                const StopFlag& stop) {
  if (!job.spec().total_order || part_count <= 1) return std::vector<WeightedKey>();
  std::vector<const StoredPart*> parts;
  for (const StoredOutput& output : outputs)
    for (const StoredOutput::Part& part : output.parts) parts.push_back(&part.stored);
  std::mutex mutex;
  KeySample united;
  FirstFailure failure;
  PairTally sampled{0};
  executor.for_each_index(parts.size(), [&](std::size_t i) {
    if (failure.is_moot(i)) return;
    KeySample sample;
    failure.note(i, sample_part(*parts[i], job, budget, stop, sampled, sample));
    const std::scoped_lock lock(mutex);
    united.add(sample);
  });
  MRUN_TRY(failure.result());
  return united.keys();
}

Result<std::unique_ptr<PieceSource>> pieces_of_outputs(std::vector<StoredOutput> outputs,
                                                       const StoredPiecesSetup& setup) {
  auto pieces =
      std::make_unique<StoredPieces>(std::move(outputs), setup.job, setup.part_count, setup.budget);
  MRUN_TRY_ASSIGN(const bool fits, pieces->plan_work(setup));
  return fits ? std::unique_ptr<PieceSource>(std::move(pieces)) : nullptr;
}

std::size_t sources_at_once(const StoredOutput& output, const UserCode& job,
                            std::uint32_t part_count) {
  MemoryBudget unused(0);
  return StoredPieces({output}, job, part_count, unused).sources_of_parts();
}

}  // namespace mrun
