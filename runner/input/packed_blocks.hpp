// Blocks of one part of a compressed file: decoded ahead, then handed out in turn.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "input/packed_file.hpp"
#include "input/record_rules.hpp"
#include "input/window_blocks.hpp"

namespace mrun {

/// What a part may take of the budget.
struct PackedMemory {
  std::size_t decoder_bytes = 0;
  std::size_t text_bytes = 0;  ///< That is decoded ahead.
};

/// The records that begin in the part's text. Offsets are those of the whole text. Errors as
/// DecodedBlocks, the same for any threads and any way to cut the file into parts; Code::cancelled
/// where a part before was given up. A part that is not read to its end is given up, unless its
/// text was decoded to the end.
class PackedBlocks final : public WindowBlocks {
 public:
  /// Decodes as much as there is room for, and waits for the part's turn.
  static Result<std::unique_ptr<PackedBlocks>> open(PackedFiles& files, const SplitRange& range,
                                                    const InputFile& input,
                                                    const RecordRules& records,
                                                    const BlockRules& rules, PackedMemory memory,
                                                    WindowBuffer& buffer);
  ~PackedBlocks() override;

  Result<bool> next(Block& block) override;
  std::int64_t decoded_bytes_more() const override { return decoded_bytes_more_; }

  /// The number of the next block's first record, where lines are counted.
  std::uint64_t next_line() const { return line_; }
  /// The file's first record, where it is a header and the next block does not begin with it.
  Slice header() const { return header_ ? header_->text() : Slice{}; }

 private:
  PackedBlocks(PackedFiles& files, const SplitRange& range, const RecordRules& records,
               const BlockRules& rules, PackedMemory memory, WindowBuffer& buffer)
      : WindowBlocks(rules, buffer),
        files_(files),
        range_(range),
        records_(records),
        memory_(memory) {}

  const std::string& path() const { return file_->input().path; }
  Result<void> prepare_room();
  void decode_ahead();
  Result<void> begin_turn();
  bool may_trust_ahead();
  Result<void> start_over();
  Result<void> join_tail();
  Result<void> read_more();
  Result<void> fill();
  Failure failure_in_order(Error error);
  Result<void> end_part();
  void pass_turn();
  Result<void> keep_header(Slice bytes);
  bool keep_tail(std::size_t end);

  PackedFiles& files_;
  const SplitRange range_;
  const RecordRules records_;
  PackedMemory memory_;
  std::shared_ptr<PackedFile> file_;
  PackedFile::Part part_;
  std::optional<DecodedBytes> text_;
  bool is_in_order_ = false;  ///< `text_` is decoded from a stream's beginning: its failures are
                              ///< those of the file.
  bool is_decoded_ = false;   ///< `text_` has come to the part's end.
  std::optional<PackedTurn> turn_;        ///< While it is this part's.
  bool has_passed_ = false;               ///< The turn; the buffer holds whole records.
  std::uint64_t line_ = 1;                ///< Of the buffer's first record.
  std::uint64_t records_handed_out_ = 0;  ///< In the last block, where lines are counted.
  std::shared_ptr<const FileHeader> header_;
  std::int64_t decoded_bytes_more_ = 0;
};

}  // namespace mrun
