// PairWriter and PieceRecords: what writes records, formatted pairs or a job's own, into pieces.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/user_code.hpp"
#include "output/ordered_part.hpp"
#include "output/text_format.hpp"

namespace mrun {

/// Writes pairs through a formatter into a piece, one record each, and counts them.
class PairWriter {
 public:
  /// `piece` outlives it.
  PairWriter(PairFormatter formatter, PieceWriter& piece)
      : formatter_(std::move(formatter)), piece_(piece) {}

  /// False where key or value is not what the job declared: then PairFormatter::malformed says it.
  /// Failures of the disk show in the piece's status.
  [[nodiscard]] bool write(Slice key, Slice value);
  /// The key's first 16 bytes in `k0` and `k1`, the others at `tail`.
  [[nodiscard]] bool write(std::uint64_t k0, std::uint64_t k1, std::uint32_t klen,
                           const std::uint8_t* tail, Slice value);

 private:
  bool take(std::uint8_t* end);

  PairFormatter formatter_;
  PieceWriter& piece_;
};

/// The record sink of one attempt: output i goes to piece i. Closing the pieces stays with their
/// owner.
class PieceRecords final : public RecordSink {
 public:
  /// `pieces`: of the main output, then of each side output; they outlive it.
  PieceRecords(std::span<PieceWriter> pieces, OutEnd end) : pieces_(pieces), end_(end) {}

  Result<void> write(std::uint32_t output, std::span<const Slice> fields) override;
  Result<void> write_part(std::uint32_t output, Slice bytes, bool last) override;

 private:
  Result<PieceWriter*> piece_of(std::uint32_t output);

  std::span<PieceWriter> pieces_;
  OutEnd end_;
};

}  // namespace mrun
