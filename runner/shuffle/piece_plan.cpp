#include "shuffle/piece_plan.hpp"

#include <algorithm>

namespace mrun {

PiecePlan::PiecePlan(std::vector<KeyBorders> cuts) : cuts_(std::move(cuts)) {
  for (std::uint32_t partition = 0; partition < cuts_.size(); ++partition) {
    const KeyBorders& borders = cuts_[partition];
    first_piece_.push_back(pieces_.size());
    for (std::size_t range = 0; range <= borders.count(); ++range) {
      Piece piece{partition, partition, {}};
      if (range > 0) {
        piece.range.has_low = true;
        piece.range.low = borders.border(range - 1).key;
        piece.range.low_task = borders.border(range - 1).task;
      }
      if (range < borders.count()) {
        piece.range.has_high = true;
        piece.range.high = borders.border(range).key;
        piece.range.high_task = borders.border(range).task;
      }
      pieces_.push_back(std::move(piece));
    }
  }
}

std::size_t PiecePlan::pieces_inside_keys() const {
  return static_cast<std::size_t>(
      std::count_if(pieces_.begin(), pieces_.end(),
                    [](const Piece& piece) { return piece.begins_inside_key(); }));
}

PiecePlan PiecePlan::of_partitions(std::vector<KeyBorders> cuts) {
  return PiecePlan(std::move(cuts));
}

PiecePlan PiecePlan::of_total_order(const KeyBorders& part_borders, const KeyBorders& cuts) {
  std::vector<KeyBorder> all;
  for (std::size_t i = 0; i < part_borders.count(); ++i) all.push_back(part_borders.border(i));
  for (std::size_t i = 0; i < cuts.count(); ++i) all.push_back(cuts.border(i));
  std::vector<KeyBorders> borders;
  borders.emplace_back(std::move(all));
  PiecePlan plan(std::move(borders));
  for (Piece& piece : plan.pieces_) {
    piece.part = piece.range.has_low
                     ? static_cast<std::uint32_t>(part_borders.range_of(piece.range.low))
                     : 0;
  }
  return plan;
}

}  // namespace mrun
