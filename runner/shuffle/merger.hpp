// Merger: many sorted sources of pairs as one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "os/page_buffer.hpp"
#include "shuffle/loser_tree.hpp"
#include "shuffle/pair.hpp"

namespace mrun {

/// Pairs of one batch of a merger, at most (48 KiB).
constexpr std::size_t kMergeBatchPairs = 1024;

/// Pairs in order of (key, task, source index): so the caller lists runs of one task in emit order.
///
/// A batch holds views into the sources' own batches. It therefore ends where a source runs dry,
/// and that source is asked again at the beginning of the next call. Borrows the budget. One thread
/// at a time.
class Merger final : public PairSource {
 public:
  /// What a merger charges, besides what its sources do.
  static std::size_t memory_bytes(std::size_t source_count);

  /// Errors: limit.
  static Result<std::unique_ptr<Merger>> create(MemoryBudget& budget,
                                                std::vector<std::unique_ptr<PairSource>> sources);

  /// Errors: those of the sources.
  Result<std::span<const Pair>> next() override;

  std::uint64_t pairs_delivered() const { return delivered_; }

 private:
  // What is left of a source's batch.
  struct Rest {
    const Pair* at;
    const Pair* end;
  };
  // Both words of a key's prefix as one number.
  __extension__ using Prefix = unsigned __int128;
  // What comparisons need of a source's next pair.
  struct Head {
    Prefix prefix;
    std::uint64_t rank;
    std::uint32_t source;

    void take_if(bool condition, const Head& other);
  };
  struct Before {
    const Rest* rests;
    bool operator()(const Head& a, const Head& b) const;
    bool tie(std::uint64_t rank, std::uint32_t a, std::uint32_t b) const;
  };
  using Tree = LoserTree<Head, Before>;
  static constexpr std::size_t kSourceBytes = sizeof(Rest) + Tree::kSourceBytes;

  Merger(std::vector<std::unique_ptr<PairSource>> sources, PageBuffer batch, Charge charge);

  Head head_of(std::uint32_t source) const;
  Result<void> start();
  Result<void> refill(std::uint32_t source);
  std::size_t fill_batch();

  std::vector<std::unique_ptr<PairSource>> sources_;
  PageBuffer batch_;
  Charge charge_;
  std::vector<Rest> rests_;
  Tree tree_;
  std::size_t live_ = 0;   // Sources that are not at their end.
  std::uint32_t dry_ = 0;  // Source to refill first, where has_dry_.
  bool has_dry_ = false;
  bool started_ = false;
  std::uint64_t delivered_ = 0;
};

}  // namespace mrun
