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

/// Where a partition is cut.
struct PartitionCuts {
  std::uint32_t partition = 0;
  KeyBorders borders;
};

/// Takes 8 bytes for each partition that is not cut, for there may be many.
class PiecePlan {
 public:
  /// Pieces of hash partitions: partition p is part p. `cuts`: in rising order of partitions, which
  /// need not all be there.
  PiecePlan(std::uint32_t partitions, std::vector<PartitionCuts> cuts);
  /// The same, of one element a partition.
  static PiecePlan of_partitions(std::vector<KeyBorders> cuts);
  /// Pieces of a total order: parts are the ranges of `part_borders`, whose tasks are 0, cut
  /// further by `cuts`.
  static PiecePlan of_total_order(const KeyBorders& part_borders, const KeyBorders& cuts);

  std::size_t size() const { return first_piece_.back(); }
  /// In order of part, and of keys within a part; of one key, in order of tasks.
  Piece piece(std::size_t index) const;
  std::uint32_t partition_of(std::size_t piece) const;
  std::uint32_t part_of(std::size_t piece) const {
    return parts_.empty() ? partition_of(piece) : parts_[piece];
  }
  /// The piece that a pair of a partition belongs to.
  std::size_t piece_of(std::uint32_t partition, const Pair& pair) const {
    return piece_of(partition, pair.k0, [&pair]() -> const Pair& { return pair; });
  }
  /// The same, of a key whose first 8 bytes are `head`; `pair()` is asked only where they do not
  /// tell.
  template <typename MakePair>
  std::size_t piece_of(std::uint32_t partition, std::uint64_t head, const MakePair& pair) const {
    if (!is_cut(partition)) return first_piece_[partition];
    const KeyBorders& borders = borders_of(partition);
    std::size_t range = 0;
    if (!borders.find_by_head(head, range)) range = borders.range_of(pair());
    return first_piece_[partition] + range;
  }
  /// Pieces that begin inside a key: its pairs before them are those of earlier pieces.
  std::size_t pieces_inside_keys() const;

 private:
  bool is_cut(std::uint32_t partition) const {
    return first_piece_[partition + 1] - first_piece_[partition] > 1;
  }
  const KeyBorders& borders_of(std::uint32_t partition) const {
    return cuts_[cuts_before_[partition]].borders;
  }

  std::vector<PartitionCuts> cuts_;         // Of the partitions that are cut.
  std::vector<std::uint32_t> cuts_before_;  // By partition: how many before it are cut.
  std::vector<std::uint32_t> first_piece_;  // By partition, and the end.
  std::vector<std::uint32_t> parts_;        // By piece; of hash partitions empty.
};

}  // namespace mrun
