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
  /// `piece` outlives it. `form`: text, or the stream of pairs that the part is made of.
  PairWriter(PairFormatter formatter, PieceWriter& piece, PartForm form = PartForm::bytes)
      : formatter_(std::move(formatter)), piece_(piece), is_text_(form == PartForm::bytes) {}

  /// False where key or value is not what the job declared: then PairFormatter::malformed says it.
  /// Failures of the disk show in the piece's status.
  [[nodiscard]] bool write(Slice key, Slice value);
  /// The key's first 16 bytes in `k0` and `k1`, the others at `tail`.
  [[nodiscard]] bool write(std::uint64_t k0, std::uint64_t k1, std::uint32_t klen,
                           const std::uint8_t* tail, Slice value);

 private:
  bool take(std::uint8_t* end);
  bool write_stream(Slice key, Slice value);
  bool write_stream(std::uint64_t k0, std::uint64_t k1, std::uint32_t klen,
                    const std::uint8_t* tail, Slice value);
  Slice stream_value(Slice value) const;

  PairFormatter formatter_;
  PieceWriter& piece_;
  const bool is_text_;
};

/// The record sink of one attempt: output i goes to piece i. Closing the pieces stays with their
/// owner.
class PieceRecords final : public RecordSink {
 public:
  /// `pieces`: of the main output, then of each side output; they outlive it. `main_form`: where
  /// that is no text, a record of the main output becomes a pair of its first field and the rest,
  /// and one that comes in parts is kept, charged to `budget`, until its last.
  PieceRecords(std::span<PieceWriter> pieces, OutEnd end, PartForm main_form = PartForm::bytes,
               MemoryBudget* budget = nullptr)
      : pieces_(pieces), end_(end), main_form_(main_form), budget_(budget) {}

  Result<void> write(std::uint32_t output, std::span<const Slice> fields) override;
  Result<void> write_part(std::uint32_t output, Slice bytes, bool last) override;

 private:
  Result<PieceWriter*> piece_of(std::uint32_t output);
  bool is_pair(std::uint32_t output) const { return output == 0 && main_form_ != PartForm::bytes; }
  Result<void> write_pair(std::span<const Slice> fields);
  Result<void> keep_part(Slice bytes);

  std::span<PieceWriter> pieces_;
  OutEnd end_;
  PartForm main_form_;
  MemoryBudget* budget_;
  std::vector<std::uint8_t> kept_;  // Of a record that becomes a pair, and is not whole yet.
  Charge kept_charge_;
};

}  // namespace mrun
