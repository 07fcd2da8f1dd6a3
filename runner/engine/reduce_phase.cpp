#include "engine/reduce_phase.hpp"

#include <fmt/format.h>

#include <array>
#include <mutex>

#include "engine/first_failure.hpp"
#include "engine/limited_loop.hpp"
#include "output/record_writer.hpp"
#include "reduce/reduce_task.hpp"
#include "reduce/row_buffer.hpp"

namespace mrun {
namespace {

// Pairs as a reduce task wants them: with contiguous keys.
class PairGroups final : public GroupSource {
 public:
  explicit PairGroups(PairSource& source) : source_(source) {}

  Result<std::span<const GroupPair>> next() override {
    if (rest_.empty()) {
      MRUN_TRY_ASSIGN(rest_, source_.next());
      pair_count_ += rest_.size();
    }
    // As many pairs as have few bytes of keys: a long key's batch is that key.
    std::size_t bytes = 0, count = 0;
    for (; count < rest_.size(); ++count) {
      const bool repeats = count > 0 && same_key(rest_[count - 1], rest_[count]);
      const std::size_t size = repeats ? 0 : std::max(rest_[count].klen, kPrefixBytes);
      if (count > 0 && bytes + size > kKeyBytesMost) break;
      bytes += size;
    }
    const std::span<const Pair> pairs = rest_.first(count);
    rest_ = rest_.subspan(count);
    keys_.resize(bytes);
    groups_.clear();
    std::uint8_t* out = keys_.data();
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      Slice key;
      if (i > 0 && same_key(pairs[i - 1], pairs[i])) {
        key = groups_.back().key;
      } else {
        copy_key(pairs[i], out);
        key = {out, pairs[i].klen};
        out += std::max(pairs[i].klen, kPrefixBytes);
      }
      groups_.push_back({key, {pairs[i].value, pairs[i].vlen}});
    }
    return std::span<const GroupPair>(groups_);
  }
  std::uint64_t pair_count() const { return pair_count_; }

 private:
  static constexpr std::size_t kKeyBytesMost = std::size_t{64} << 10;

  PairSource& source_;
  std::span<const Pair> rest_;  // Of the source's batch.
  std::uint64_t pair_count_ = 0;
  std::vector<std::uint8_t> keys_;
  std::vector<GroupPair> groups_;
};

// Counts distinct keys in a sorted stream.
class KeyCounter {
 public:
  void add(std::span<const Pair> pairs) {
    for (std::size_t i = 1; i < pairs.size(); ++i)
      count_ += same_key(pairs[i - 1], pairs[i]) ? 0u : 1u;
    if (!has_last_ || !same_key(last_, pairs.front())) ++count_;
    has_last_ = true;
    last_ = pairs.back();
    tail_.assign(last_.tail, last_.tail + last_.tail_size());
    last_.tail = tail_.data();
  }
  std::uint64_t count() const { return count_; }

 private:
  std::uint64_t count_ = 0;
  bool has_last_ = false;
  Pair last_;
  std::vector<std::uint8_t> tail_;
};

// What was read of a piece.
struct PieceCount {
  std::uint64_t pairs = 0;
  std::uint64_t groups = 0;
  // Whether it has pairs of the key that it begins inside, and of the one that it ends inside.
  bool has_low = false, has_high = false;
};

bool is_key(const Pair& pair, const std::string& key) {
  KeyBytes bytes;
  return bytes.of(std::span(&pair, 1)).front().view() == key;
}

// How many groups several pieces counted as well: of `counts`, one for each piece.
std::uint64_t repeated_groups(const PiecePlan& plan, std::span<const PieceCount> counts) {
  std::uint64_t repeated = 0;
  bool is_counted = false;  // The key inside which the piece at hand begins.
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const Piece piece = plan.piece(i);
    const KeyRange& range = piece.range;
    if (piece.begins_inside_key() && counts[i].has_low && is_counted) ++repeated;
    const bool is_one_key = piece.begins_inside_key() && range.low == range.high;
    is_counted = counts[i].has_high || (is_one_key && is_counted);
  }
  return repeated;
}

// A job without a reduce of its own: key and value of each pair are one record.
Result<PieceCount> write_pairs(PairSource& source, const Piece& place, PairWriter& writer,
                               PieceWriter& piece, const StopFlag& stop) {
  KeyCounter keys;
  PieceCount count;
  while (true) {
    if (stop.stopped()) return fail(Code::cancelled, "stopped");
    MRUN_TRY_ASSIGN(const std::span<const Pair> pairs, source.next());
    if (pairs.empty()) {
      count.groups = keys.count();
      return count;
    }
    if (count.pairs == 0 && place.begins_inside_key())
      count.has_low = is_key(pairs.front(), place.range.low);
    if (place.ends_inside_key()) count.has_high = is_key(pairs.back(), place.range.high);
    count.pairs += pairs.size();
    for (const Pair& pair : pairs) {
      if (writer.write(pair.k0, pair.k1, pair.klen, pair.tail, {pair.value, pair.vlen})) continue;
      KeyBytes key;
      return PairFormatter::malformed(key.of(std::span(&pair, 1)).front(), {pair.value, pair.vlen});
    }
    keys.add(pairs);
    MRUN_TRY(piece.status());
  }
}

class ReducePhase {
 public:
  ReducePhase(PieceSource& source, const ReduceSetup& setup) : source_(source), setup_(setup) {
    info_.counters.resize(setup.job.spec().counters.size());
    counts_.resize(source.plan().size());
    std::vector<std::size_t> pieces_of;  // By part.
    for (std::size_t i = 0; i < source.plan().size(); ++i) {
      const std::uint32_t part = source.plan().part_of(i);
      if (pieces_of.size() <= part) pieces_of.resize(part + 1);
      place_.push_back(pieces_of[part]++);
    }
    std::vector<std::size_t> first_of;
    for (std::uint32_t part = 0; part < pieces_of.size(); ++part)
      first_of.push_back(setup.parts.expect(part, pieces_of[part]));
    for (std::size_t i = 0; i < place_.size(); ++i) place_[i] += first_of[source.plan().part_of(i)];
  }

  Result<ReduceInfo> run() && {
    const std::size_t count = place_.size();
    setup_.progress.total.store(count, std::memory_order_relaxed);
    for_each_limited(setup_.executor, source_.at_once(), count, [&](std::size_t piece) {
      failure_.note(piece, run_piece(piece));
      setup_.progress.done.fetch_add(1, std::memory_order_relaxed);
      setup_.peak.sample();
    });
    MRUN_TRY(failure_.result());
    info_.groups -= repeated_groups(source_.plan(), counts_);
    MRUN_TRY(source_.check());
    if (taken_pairs_ != source_.pair_count()) {
      return fail(Code::integrity,
                  fmt::format("{} pairs were to be reduced, and {} came", source_.pair_count(),
                              taken_pairs_),
                  "this is a bug in mrun; no output was made");
    }
    return std::move(info_);
  }

 private:
  Result<void> run_piece(std::size_t index) {
    const Piece piece = source_.plan().piece(index);
    if (setup_.stop.stopped()) return fail(Code::cancelled, "stopped");  // Those that wait see it.
    if (failure_.is_moot(index)) {
      setup_.parts.give_up(piece.part, place_[index]);
      return {};
    }
    MRUN_TRY_ASSIGN(TaskPieces writers, setup_.parts.open(piece.part, place_[index]));
    {
      MRUN_TRY_ASSIGN(auto source, source_.open(index));
      std::uint64_t combined = 0;
      const bool combines = setup_.combiner.combines();
      if (combines) source = setup_.combiner.wrap_all(std::move(source), combined);
      MRUN_TRY_ASSIGN(const PieceCount count, setup_.job.spec().has_reduce
                                                  ? reduce(index, *source, writers)
                                                  : write(*source, piece, writers));
      counts_[index] = count;
      const std::scoped_lock lock(mutex_);
      info_.groups += count.groups;
      taken_pairs_ += combines ? combined : count.pairs;
    }
    MRUN_TRY(writers.close());
    return setup_.parts.done(piece.part);
  }

  Result<PieceCount> write(PairSource& source, const Piece& piece, TaskPieces& writers) {
    PairWriter writer(setup_.formatter, writers.main(), setup_.main_form);
    return write_pairs(source, piece, writer, writers.main(), setup_.stop);
  }

  Result<PieceCount> reduce(std::size_t index, PairSource& source, TaskPieces& writers) {
    std::vector<std::int64_t> counters(info_.counters.size());
    PieceRecords records(writers.writers(), setup_.out_end, setup_.main_form,
                         &setup_.record_budget);
    AttemptContext context;
    context.records = &records;
    context.counters = counters;
    context.stop = &setup_.stop;
    std::optional<RowBuffer> rows;
    if (setup_.job.spec().needs_rows)
      context.rows = &rows.emplace(setup_.row_bytes, setup_.scratch);
    PairGroups pairs(source);
    PieceCount count;
    MRUN_TRY_ASSIGN(count.groups, run_reduce_task(setup_.job, index, pairs, context));
    MRUN_TRY(writers.status());
    count.pairs = pairs.pair_count();
    const std::scoped_lock lock(mutex_);
    if (rows) info_.spilled_row_bytes += rows->spilled_bytes();
    for (std::size_t i = 0; i < counters.size(); ++i) info_.counters[i] += counters[i];
    return count;
  }

  PieceSource& source_;
  const ReduceSetup& setup_;
  std::vector<std::size_t> place_;  // Of each piece within its part.
  std::vector<PieceCount> counts_;  // By piece: each is written by one thread.
  FirstFailure failure_;
  std::mutex mutex_;  // Guards what follows.
  ReduceInfo info_;
  std::uint64_t taken_pairs_ = 0;
};

}  // namespace

Result<ReduceInfo> run_reduce_phase(PieceSource& source, const ReduceSetup& setup) {
  return ReducePhase(source, setup).run();
}

}  // namespace mrun
