// Opens ranges in turn and cuts their blocks into batches.
#include "input/batch_sources.hpp"

#include <utility>

#include "input/file_identity.hpp"
#include "input/memory_blocks.hpp"
#include "input/packed_blocks.hpp"

namespace mrun {
namespace {

/// The records of a split's ranges, one file open at a time.
class FileBatches final : public BatchSource {
 public:
  FileBatches(ReaderState& state, std::vector<SplitRange> ranges, BatchCutter cutter)
      : state_(state),
        ranges_(std::move(ranges)),
        buffer_(state.budget()),
        cutter_(std::move(cutter)) {}

  Result<bool> next(RecordBatch& batch) override {
    MRUN_TRY(state_.check_stop());
    // The batch before has been used: were its bytes the file's?
    if (blocks_ != nullptr) MRUN_TRY(blocks_->check());
    while (!cutter_.has_pending()) {
      if (at_ == ranges_.size()) return false;
      MRUN_TRY(advance());
    }
    MRUN_TRY(cutter_.cut(batch));
    return true;
  }

 private:
  /// Opens the next range, takes its next block, or ends it.
  Result<void> advance() {
    const SplitRange& range = ranges_[at_];
    const bool is_first = blocks_ == nullptr;
    if (is_first) {
      MRUN_TRY(read_header(range));
      MRUN_TRY_ASSIGN(blocks_, state_.open_blocks(range, buffer_));
    }
    Block block;
    MRUN_TRY_ASSIGN(const bool has_block, blocks_->next(block));
    if (!has_block) return end_range(range);
    if (is_first) {
      const RecordRules& rules = state_.rules(range.file);
      BatchCutter::Place place{&state_.file(range.file), range.file, 0, false, header_.text()};
      MRUN_TRY_ASSIGN(place.first_line, state_.line_at(range.file, block.offset));
      place.begins_with_header = rules.has_header && block.offset == 0;
      cutter_.begin(place);
    }
    cutter_.take(std::move(block));
    return {};
  }

  /// The file's first record, where the range does not begin with it; through the buffer that then
  /// serves the range.
  Result<void> read_header(const SplitRange& range) {
    header_.forget();
    const RecordRules& rules = state_.rules(range.file);
    if (!rules.has_header || range.begin == 0) return {};
    MRUN_TRY_ASSIGN(const auto blocks, state_.open_blocks({range.file, 0, 1}, buffer_));
    Block block;
    MRUN_TRY(blocks->next(block));
    MRUN_TRY(header_.keep(block.bytes, rules, state_.budget()));
    return blocks->check();
  }

  Result<void> end_range(const SplitRange& range) {
    MRUN_TRY(blocks_->check());
    state_.note_decoded(blocks_->decoded_bytes_more());
    blocks_.reset();
    ++at_;
    return check_identity(state_.file(range.file));
  }

  ReaderState& state_;
  std::vector<SplitRange> ranges_;
  FileHeader header_;    ///< Of the current range's file, where the range does not begin with it.
  WindowBuffer buffer_;  ///< Serves the ranges that are not mapped, in turn.
  BatchCutter cutter_;
  std::size_t at_ = 0;  ///< Index of the current range.
  std::unique_ptr<BlockSource> blocks_;
};

/// The records of a part of a compressed file.
class PackedBatches final : public BatchSource {
 public:
  PackedBatches(ReaderState& state, const SplitRange& part, BatchCutter cutter)
      : state_(state), part_(part), buffer_(state.budget()), cutter_(std::move(cutter)) {}

  Result<void> open() {
    MRUN_TRY_ASSIGN(blocks_, state_.open_part(part_, buffer_));
    return {};
  }

  Result<bool> next(RecordBatch& batch) override {
    MRUN_TRY(state_.check_stop());
    if (!cutter_.has_pending()) {
      Block block;
      MRUN_TRY_ASSIGN(const bool has_block, blocks_->next(block));
      if (!has_block) return end();
      if (!std::exchange(has_begun_, true)) begin(block);
      cutter_.take(std::move(block));
    }
    MRUN_TRY(cutter_.cut(batch));
    return true;
  }

 private:
  void begin(const Block& first) {
    const RecordRules& rules = state_.rules(part_.file);
    BatchCutter::Place place{&state_.file(part_.file), part_.file, 0, false, blocks_->header()};
    if (rules.line_numbers) place.first_line = blocks_->next_line();
    place.begins_with_header = rules.has_header && first.offset == 0;
    cutter_.begin(place);
  }

  Result<bool> end() {
    state_.note_decoded(blocks_->decoded_bytes_more());
    MRUN_TRY(check_identity(state_.file(part_.file)));
    return false;
  }

  ReaderState& state_;
  const SplitRange part_;
  WindowBuffer buffer_;
  BatchCutter cutter_;
  std::unique_ptr<PackedBlocks> blocks_;
  bool has_begun_ = false;  ///< The cutter knows the place of the first block.
};

/// The records of a piece of a stream.
class StreamBatches final : public BatchSource {
 public:
  StreamBatches(ReaderState& state, std::uint32_t file, StreamPiece piece, BatchCutter cutter)
      : state_(state),
        piece_(std::move(piece)),
        blocks_({piece_.bytes.data(), piece_.bytes.size(), piece_.offset, true},
                state.block_rules(file)),
        cutter_(std::move(cutter)) {}

  Result<bool> next(RecordBatch& batch) override {
    MRUN_TRY(state_.check_stop());
    if (!cutter_.has_pending()) {
      Block block;
      MRUN_TRY_ASSIGN(const bool has_block, blocks_.next(block));
      if (!has_block) return false;
      cutter_.take(std::move(block));
    }
    MRUN_TRY(cutter_.cut(batch));
    return true;
  }

 private:
  ReaderState& state_;
  StreamPiece piece_;
  MemoryBlocks blocks_;
  BatchCutter cutter_;
};

}  // namespace

Result<std::unique_ptr<BatchSource>> make_file_batches(ReaderState& state, const Split& split) {
  // A split's files belong to one input.
  MRUN_TRY_ASSIGN(BatchCutter cutter,
                  BatchCutter::create(state.rules(split.ranges.front().file), state.budget()));
  return std::unique_ptr<BatchSource>(
      std::make_unique<FileBatches>(state, split.ranges, std::move(cutter)));
}

Result<std::unique_ptr<BatchSource>> make_packed_batches(ReaderState& state,
                                                         const SplitRange& part) {
  MRUN_TRY_ASSIGN(BatchCutter cutter, BatchCutter::create(state.rules(part.file), state.budget()));
  auto batches = std::make_unique<PackedBatches>(state, part, std::move(cutter));
  MRUN_TRY(batches->open());
  return std::unique_ptr<BatchSource>(std::move(batches));
}

Result<std::unique_ptr<BatchSource>> make_stream_batches(ReaderState& state, std::uint32_t file,
                                                         StreamPiece piece) {
  MRUN_TRY_ASSIGN(BatchCutter cutter, BatchCutter::create(state.rules(file), state.budget()));
  const bool begins_with_header = state.rules(file).has_header && piece.ordinal == 0;
  cutter.begin({&state.file(file), file, piece.first_line, begins_with_header, piece.header});
  return std::unique_ptr<BatchSource>(
      std::make_unique<StreamBatches>(state, file, std::move(piece), std::move(cutter)));
}

}  // namespace mrun
