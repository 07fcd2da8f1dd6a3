// Seams that do something else than they should: sinks, pair sources and piece sources.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "engine/reduce_phase.hpp"
#include "model/user_code.hpp"

namespace mrun::test_support {

/// What catches a seeded bug, the latest first.
enum class Caught : std::uint8_t { nowhere, by_output, at_run_time };

inline const char* text_of(Caught caught) {
  if (caught == Caught::at_run_time) return "at run time";
  return caught == Caught::by_output ? "by the output alone" : "NOWHERE";
}

/// Hands on what a bug makes of each batch.
class FaultySink final : public EntrySink {
 public:
  /// Given the batch's number and its entries, which it may change; returns how often they go on.
  using Fault = std::function<unsigned(std::uint64_t, std::vector<Entry>&)>;
  FaultySink(EntrySink& sink, std::uint64_t& batches, Fault fault)
      : sink_(sink), batches_(batches), fault_(std::move(fault)) {}

  void begin_batch(const std::shared_ptr<const void>& owner) override { sink_.begin_batch(owner); }
  Result<void> accept(const EntryBatch& batch) override {
    std::vector<Entry> entries(batch.entries.begin(), batch.entries.end());
    const unsigned times = fault_(batches_++, entries);
    for (unsigned i = 0; i < times; ++i)
      MRUN_TRY(sink_.accept({entries, batch.heap, batch.heap_bytes}));
    return {};
  }
  Result<void> accept_big(Slice key, Slice value) override { return sink_.accept_big(key, value); }
  Result<void> hold(std::uint64_t bytes) override { return sink_.hold(bytes); }

 private:
  EntrySink& sink_;
  std::uint64_t& batches_;
  Fault fault_;
};

/// Hands on what a bug makes of each batch of pairs.
class FaultyPairs final : public PairSource {
 public:
  enum class Fault : std::uint8_t { drops_batch, repeats_batch, drops_last_pair, swaps_pairs };
  FaultyPairs(std::unique_ptr<PairSource> from, Fault fault)
      : from_(std::move(from)), fault_(fault) {}

  Result<std::span<const Pair>> next() override {
    if (repeated_) {
      repeated_ = false;
      return std::span<const Pair>(pairs_);
    }
    MRUN_TRY_ASSIGN(std::span<const Pair> batch, from_->next());
    if (done_ || batch.size() < 2) return batch;
    done_ = true;
    pairs_.assign(batch.begin(), batch.end());
    if (fault_ == Fault::drops_batch) return from_->next();
    if (fault_ == Fault::drops_last_pair) pairs_.pop_back();
    if (fault_ == Fault::repeats_batch) repeated_ = true;
    if (fault_ == Fault::swaps_pairs) std::swap(pairs_.front(), pairs_.back());
    return std::span<const Pair>(pairs_);
  }

 private:
  std::unique_ptr<PairSource> from_;
  const Fault fault_;
  bool done_ = false;
  bool repeated_ = false;
  std::vector<Pair> pairs_;
};

/// A source at its end.
class NoPairs final : public PairSource {
 public:
  Result<std::span<const Pair>> next() override { return std::span<const Pair>(); }
};

/// Hands out other pieces than asked for, or changed ones.
class FaultyPieces final : public PieceSource {
 public:
  using Open = std::function<Result<std::unique_ptr<PairSource>>(PieceSource&, std::size_t)>;
  FaultyPieces(std::unique_ptr<PieceSource> from, Open open)
      : from_(std::move(from)), open_(std::move(open)) {}

  const PiecePlan& plan() const override { return from_->plan(); }
  unsigned at_once() const override { return from_->at_once(); }
  Result<std::unique_ptr<PairSource>> open(std::size_t piece) override {
    return open_(*from_, piece);
  }
  std::uint64_t pair_count() const override { return from_->pair_count(); }
  Result<void> check() const override { return from_->check(); }

 private:
  std::unique_ptr<PieceSource> from_;
  Open open_;
};

}  // namespace mrun::test_support
