// Loser tree: which of many sources comes first, at log2(n) comparisons a step.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace mrun {

/// A tournament between sources 0 … n-1, after Knuth, The Art of Computer Programming, vol.
/// 3, 5.4.1. Each inner node keeps the loser of its match; the winner of all stands above the root.
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
/// `Before(a, b)` says whether source a's head comes before b's: a strict total order. It is called
/// once a level, and the choice compiles to conditional moves: a wrong guess costs more than a
/// move.
template <typename Before>
class LoserTree {
 public:
  explicit LoserTree(Before before) : before_(before) {}

  /// Plays all matches among `source_count` (at least 1) sources.
  void build(std::uint32_t source_count) {
    count_ = source_count;
    losers_.assign(count_, 0);
    // Winners climb from the leaves to the root; what each match leaves behind is its loser.
    std::vector<std::uint32_t> winners(std::size_t{2} * count_);
    for (std::uint32_t source = 0; source < count_; ++source) winners[count_ + source] = source;
    for (std::uint32_t node = count_ - 1; node >= 1; --node) {
      const std::uint32_t left = winners[std::size_t{2} * node];
      const std::uint32_t right = winners[std::size_t{2} * node + 1];
      const bool left_wins = before_(left, right);
      winners[node] = left_wins ? left : right;
      losers_[node] = left_wins ? right : left;
    }
    winner_ = winners[1];
  }

  std::uint32_t winner() const { return winner_; }

  /// Plays the winner's matches again, after its head has changed.
  void replay() {
    std::uint32_t climber = winner_;
    for (std::uint32_t node = (count_ + climber) / 2; node >= 1; node /= 2) {
      const std::uint32_t rival = losers_[node];
      const bool rival_wins = before_(rival, climber);
      losers_[node] = rival_wins ? climber : rival;
      climber = rival_wins ? rival : climber;
    }
    winner_ = climber;
  }

 private:
  Before before_;
  std::uint32_t count_ = 0;
  std::uint32_t winner_ = 0;
  std::vector<std::uint32_t> losers_;  // Of node i at [i]; [0] is unused.
};

}  // namespace mrun
