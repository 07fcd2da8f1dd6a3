#include "shuffle/piece_plan.hpp"

#include <algorithm>

namespace mrun {

PiecePlan::PiecePlan(std::uint32_t partitions, std::vector<PartitionCuts> cuts)
    : cuts_(std::move(cuts)) {
  std::erase_if(cuts_, [](const PartitionCuts& cut) { return cut.borders.count() == 0; });
  cuts_before_.reserve(partitions);
  first_piece_.reserve(std::size_t{partitions} + 1);
  std::uint32_t cut = 0, pieces = 0;
  for (std::uint32_t partition = 0; partition < partitions; ++partition) {
    cuts_before_.push_back(cut);
    first_piece_.push_back(pieces++);
    if (cut == cuts_.size() || cuts_[cut].partition != partition) continue;
    pieces += static_cast<std::uint32_t>(cuts_[cut++].borders.count());
  }
  first_piece_.push_back(pieces);
}

std::uint32_t PiecePlan::partition_of(std::size_t piece) const {
  const auto after = std::upper_bound(first_piece_.begin(), first_piece_.end(), piece);
  return static_cast<std::uint32_t>(after - first_piece_.begin() - 1);
}

Piece PiecePlan::piece(std::size_t index) const {
  const std::uint32_t partition = partition_of(index);
  Piece piece{part_of(index), partition, {}};
  if (!is_cut(partition)) return piece;
  const KeyBorders& borders = borders_of(partition);
  const std::size_t range = index - first_piece_[partition];
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
  return piece;
}

std::size_t PiecePlan::pieces_inside_keys() const {
  std::size_t pieces = 0;
  for (const PartitionCuts& cut : cuts_)
    for (std::size_t i = 0; i < cut.borders.count(); ++i)
      pieces += cut.borders.border(i).task != 0 ? 1u : 0u;
  return pieces;
}

PiecePlan PiecePlan::of_partitions(std::vector<KeyBorders> cuts) {
  std::vector<PartitionCuts> numbered;
  for (KeyBorders& borders : cuts)
    numbered.push_back({static_cast<std::uint32_t>(numbered.size()), std::move(borders)});
  return PiecePlan(static_cast<std::uint32_t>(cuts.size()), std::move(numbered));
}

PiecePlan PiecePlan::of_total_order(const KeyBorders& part_borders, const KeyBorders& cuts) {
  std::vector<KeyBorder> all;
  for (std::size_t i = 0; i < part_borders.count(); ++i) all.push_back(part_borders.border(i));
  for (std::size_t i = 0; i < cuts.count(); ++i) all.push_back(cuts.border(i));
  std::vector<KeyBorders> borders;
  borders.emplace_back(std::move(all));
  PiecePlan plan = of_partitions(std::move(borders));
  plan.parts_.push_back(0);
  for (std::size_t i = 1; i < plan.size(); ++i)
    plan.parts_.push_back(
        static_cast<std::uint32_t>(part_borders.range_of(plan.borders_of(0).key(i - 1))));
  return plan;
}

}  // namespace mrun
