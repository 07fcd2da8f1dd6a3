#include "engine/part_set.hpp"

#include "base/check.hpp"

namespace mrun {

Result<void> TaskPieces::status() const {
  for (const PieceWriter& writer : writers_) MRUN_TRY(writer.status());
  return {};
}

Result<void> TaskPieces::close() {
  Result<void> first;
  for (PieceWriter& writer : writers_) {
    auto closed = writer.close();
    if (first && !closed) first = std::move(closed);
  }
  return first;
}

PartSet::PartSet(Setup setup)
    : setup_(std::move(setup)), memory_(setup_.budget), parts_(setup_.part_count) {}

std::size_t PartSet::expect(std::uint32_t number, std::size_t count) {
  const std::scoped_lock lock(mutex_);
  Part& part = parts_[number];
  const std::size_t first = part.pieces;
  part.pieces += count;
  part.left += count;
  for (const auto& output : part.outputs) output->add_pieces(count);
  return first;
}

void PartSet::hold(std::uint32_t part) {
  const std::scoped_lock lock(mutex_);
  ++parts_[part].left;
}

Result<void> PartSet::create(std::uint32_t number, Part& part) {
  for (std::size_t output = 0; output <= setup_.side_outputs.size(); ++output) {
    const std::string side = output == 0 ? std::string() : setup_.side_outputs[output - 1];
    const PartFile::Coding& coding = output == 0 ? setup_.coding : setup_.side_coding;
    MRUN_TRY_ASSIGN(PartFile file, setup_.stream != nullptr
                                       ? PartFile::stream(*setup_.stream, number, coding)
                                       : PartFile::create(setup_.storage, setup_.folder, side,
                                                          number, setup_.sync, coding));
    part.outputs.push_back(
        std::make_unique<OrderedPart>(std::move(file), part.pieces, memory_, setup_.stop,
                                      OrderedPart::Limits{setup_.budget.limit_bytes()}));
    for (const std::size_t index : part.given_up)
      static_cast<void>(part.outputs.back()->open_piece(index));
  }
  return {};
}

Result<TaskPieces> PartSet::open(std::uint32_t number, std::size_t index) {
  const std::scoped_lock lock(mutex_);
  Part& part = parts_[number];
  if (part.outputs.empty()) MRUN_TRY(create(number, part));
  std::vector<PieceWriter> writers;
  for (const auto& output : part.outputs) writers.push_back(output->open_piece(index));
  return TaskPieces(std::move(writers));
}

void PartSet::give_up(std::uint32_t number, std::size_t index) {
  const std::scoped_lock lock(mutex_);
  Part& part = parts_[number];
  if (part.outputs.empty()) part.given_up.push_back(index);
  // A writer that dies unclosed tells those that wait for it.
  for (const auto& output : part.outputs) static_cast<void>(output->open_piece(index));
}

Result<void> PartSet::done(std::uint32_t number) {
  Part* part;
  {
    const std::scoped_lock lock(mutex_);
    part = &parts_[number];
    MRUN_CHECK(part->left > 0);
    if (--part->left > 0) return {};
    if (part->outputs.empty()) return {};
  }
  return finish_part(*part);  // Nobody else touches it any more; a sync may take long.
}

Result<void> PartSet::finish_part(Part& part) {
  for (const auto& output : part.outputs) {
    MRUN_TRY_ASSIGN(PartInfo info, output->finish());
    part.infos.push_back(std::move(info));
  }
  part.outputs.clear();
  return {};
}

Result<std::vector<PartInfo>> PartSet::finish() {
  memory_.trim();
  std::vector<PartInfo> infos;
  for (std::uint32_t number = 0; number < parts_.size(); ++number) {
    Part& part = parts_[number];
    MRUN_CHECK(part.left == 0);
    if (!part.infos.empty()) continue;
    if (setup_.stop.stopped()) return fail(Code::cancelled, "stopped");
    MRUN_TRY(create(number, part));
    MRUN_TRY(finish_part(part));
  }
  for (std::size_t output = 0; output <= setup_.side_outputs.size(); ++output) {
    for (const Part& part : parts_) infos.push_back(part.infos[output]);
  }
  return infos;
}

}  // namespace mrun
