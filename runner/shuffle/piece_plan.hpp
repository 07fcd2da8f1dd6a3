// PiecePlan: cuts the reduce work into pieces of partitions, so that all cores share it.
//
// Where the cuts lie decides who works on what, never what is written: the pieces of a part are
// written one after another.
#pragma once

#include <cstdint>
#include <vector>

#include "shuffle/entry_block.hpp"
#include "shuffle/key_borders.hpp"
#include "shuffle/pair.hpp"

namespace mrun {

struct Piece {
  std::uint32_t part = 0;       ///< Part file it is written to.
  std::uint32_t partition = 0;  ///< Of the shuffle.
  KeyRange range;

  /// Whether pairs of its first key may lie in the piece before.
  bool begins_inside_key() const { return range.low_task != 0; }
  bool ends_inside_key() const { return range.high_task != 0; }
};

class PiecePlan {
 public:
  /// Pieces of hash partitions: partition p is part p, cut by `cuts[p]` (one element a partition).
  static PiecePlan of_partitions(std::vector<KeyBorders> cuts);
  /// Pieces of a total order: parts are the ranges of `part_borders`, whose tasks are 0, cut
  /// further by `cuts`.
  static PiecePlan of_total_order(const KeyBorders& part_borders, const KeyBorders& cuts);

  /// In order of part, and of keys within a part; of one key, in order of tasks.
  const std::vector<Piece>& pieces() const { return pieces_; }
  /// The piece that a pair of a partition belongs to.
  std::size_t piece_of(std::uint32_t partition, const Pair& pair) const {
    return first_piece_[partition] + cuts_[partition].range_of(pair);
  }
  std::size_t piece_of(std::uint32_t partition, const Entry& entry, std::uint32_t task) const {
    std::size_t range = 0;
    if (!cuts_[partition].find_by_head(entry.k0, range))
      range = cuts_[partition].range_of(resolve(entry, task));
    return first_piece_[partition] + range;
  }
  /// Pieces that begin inside a key: its pairs before them are those of earlier pieces.
  std::size_t pieces_inside_keys() const;

 private:
  explicit PiecePlan(std::vector<KeyBorders> cuts);

  std::vector<KeyBorders> cuts_;          // By partition.
  std::vector<std::size_t> first_piece_;  // By partition.
  std::vector<Piece> pieces_;
};

}  // namespace mrun
