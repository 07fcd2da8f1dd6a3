// PiecePlan: cuts the reduce work into pieces of partitions, so that all cores share it.
//
// Where the cuts lie decides who works on what, never what is written: the pieces of a part are
// written one after another.
#pragma once

#include <cstdint>
#include <vector>

#include "shuffle/key_borders.hpp"
#include "shuffle/pair.hpp"

namespace mrun {

struct Piece {
  std::uint32_t part = 0;       ///< Part file it is written to.
  std::uint32_t partition = 0;  ///< Of the shuffle.
  KeyRange range;
};

class PiecePlan {
 public:
  /// Pieces of hash partitions: partition p is part p, cut by `cuts[p]` (one element a partition).
  static PiecePlan of_partitions(std::vector<KeyBorders> cuts);
  /// Pieces of a total order: parts are the ranges of `part_borders`, cut further by `cuts`.
  static PiecePlan of_total_order(const KeyBorders& part_borders, const KeyBorders& cuts);

  /// In order of part, and of keys within a part.
  const std::vector<Piece>& pieces() const { return pieces_; }
  /// The piece that a key of a partition belongs to.
  std::size_t piece_of(std::uint32_t partition, const Pair& key) const {
    return first_piece_[partition] + cuts_[partition].range_of(key);
  }

 private:
  explicit PiecePlan(std::vector<KeyBorders> cuts);

  std::vector<KeyBorders> cuts_;          // By partition.
  std::vector<std::size_t> first_piece_;  // By partition.
  std::vector<Piece> pieces_;
};

}  // namespace mrun
