// Writes records into pieces: straight into their buffers where they fit, piece by piece otherwise.
#include "output/record_writer.hpp"

#include <fmt/format.h>

namespace mrun {
namespace {

constexpr std::uint8_t kTab = '\t';

/// The bytes that end a record.
Slice record_end(OutEnd end) {
  static constexpr std::uint8_t kNewline = '\n';
  static constexpr std::uint8_t kNul = '\0';
  if (end == OutEnd::nothing) return {};
  return {end == OutEnd::newline ? &kNewline : &kNul, 1};
}

}  // namespace

bool PairWriter::write(Slice key, Slice value) {
  const std::size_t bytes_max = formatter_.bytes_max(key.size, value.size);
  if (bytes_max <= PieceWriter::kReserveBytesMax)
    return take(formatter_.write(piece_.reserve(bytes_max), key, value));
  piece_.count_records(1);
  return formatter_.write_pieces(key, value, [this](Slice bytes) { piece_.append(bytes); });
}

bool PairWriter::write(std::uint64_t k0, std::uint64_t k1, std::uint32_t klen,
                       const std::uint8_t* tail, Slice value) {
  const std::size_t bytes_max = formatter_.bytes_max(klen, value.size);
  if (bytes_max <= PieceWriter::kReserveBytesMax)
    return take(formatter_.write(piece_.reserve(bytes_max), k0, k1, klen, tail, value));
  piece_.count_records(1);
  return formatter_.write_pieces(k0, k1, klen, tail, value,
                                 [this](Slice bytes) { piece_.append(bytes); });
}

bool PairWriter::take(std::uint8_t* end) {
  if (end == nullptr) return false;
  piece_.commit(end);
  piece_.count_records(1);
  return true;
}

Result<PieceWriter*> PieceRecords::piece_of(std::uint32_t output) {
  if (output < pieces_.size()) return &pieces_[output];
  return fail(Code::plugin,
              fmt::format("the job wrote to output {}, but declares {} side outputs only", output,
                          pieces_.size() - 1));
}

Result<void> PieceRecords::write(std::uint32_t output, std::span<const Slice> fields) {
  MRUN_TRY_ASSIGN(PieceWriter* const piece, piece_of(output));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i != 0) piece->append({&kTab, 1});
    piece->append(fields[i]);
  }
  piece->append(record_end(end_));
  piece->count_records(1);
  return piece->status();
}

Result<void> PieceRecords::write_part(std::uint32_t output, Slice bytes, bool last) {
  MRUN_TRY_ASSIGN(PieceWriter* const piece, piece_of(output));
  piece->append(bytes);
  if (last) {
    piece->append(record_end(end_));
    piece->count_records(1);
  }
  return piece->status();
}

}  // namespace mrun
