// Loser tree: which of many sources comes first, at log2(n) comparisons a step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace mrun {

/// A tournament between sources 0 … n-1 (Knuth, The Art of Computer Programming, vol. 3, 5.4.1).
/// Each inner node keeps the loser of its match; the winner of all stands above the root.
/// When the winner's head has changed, only the matches on its way up are played again:
///
///                  winner: 2                  source 2 moves on from 12 to 40:
///                      |
///                  [1: 0]                      leaf 2 plays 3 (node 3): 33 wins, 2 stays
///                 /      \                     then 3 plays 0 (node 1): 15 wins, 3 stays
///           [2: 1]        [3: 3]               the new winner is 0
///           /    \        /    \               .
///         15      27    12      33     heads
///       src 0   src 1  src 2   src 3
///
/// The leaf of source s has the number n + s and the parent of node i is i / 2, so any n works.
///
/// `Head` is what a source shows of its next element, with the source's number in `source`.
/// `Before` says whether one head comes before another: a strict total order; it is asked once a
/// level. Who wins is a coin toss, so neither it nor the tree should branch on the answer: a branch
/// would be guessed wrongly half the time. Hence `head.take_if(condition, other)`, which becomes a
/// copy of `other` where the condition holds, by masks. The climbing head is a copy: the way up
/// waits for comparisons, not for memory.
template <typename Head, typename Before>
class LoserTree {
 public:
  explicit LoserTree(Before before) : before_(before) {}

  /// Bytes of memory for each source, while the tree is built.
  static constexpr std::size_t kSourceBytes = sizeof(Head) + 3 * sizeof(std::uint32_t);

  /// Plays all matches between `heads` (at least one), the head of source i at [i].
  void build(std::vector<Head> heads) {
    heads_ = std::move(heads);
    const std::size_t count = heads_.size();
    losers_.resize(count);
    // Winners climb from the leaves to the root; what each match leaves behind is its loser.
    std::vector<std::uint32_t> winners(2 * count);
    std::iota(winners.begin() + static_cast<std::ptrdiff_t>(count), winners.end(), 0u);
    for (std::size_t node = count - 1; node >= 1; --node) {
      const std::uint32_t left = winners[2 * node];
      const std::uint32_t right = winners[2 * node + 1];
      const bool left_wins = before_(heads_[left], heads_[right]);
      winners[node] = left_wins ? left : right;
      losers_[node] = left_wins ? right : left;
    }
    winner_ = winners[1];
  }

  /// The source whose head comes first.
  std::uint32_t winner() const { return winner_; }

  /// Gives the winner its next head and plays its matches again.
  void replay(Head head) {
    heads_[winner_] = head;
    for (std::size_t node = (losers_.size() + winner_) / 2; node >= 1; node /= 2) {
      const std::uint32_t loser = losers_[node];
      const Head& rival = heads_[loser];
      const bool rival_wins = before_(rival, head);
      const std::uint32_t mask = 0u - std::uint32_t{rival_wins};
      losers_[node] = loser ^ ((loser ^ head.source) & mask);
      head.take_if(rival_wins, rival);
    }
    winner_ = head.source;
  }

 private:
  Before before_;
  std::uint32_t winner_ = 0;
  std::vector<Head> heads_;            // Of source i at [i].
  std::vector<std::uint32_t> losers_;  // Of node i at [i]; [0] is unused.
};

}  // namespace mrun
