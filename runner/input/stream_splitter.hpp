// StreamSplitter: cuts bytes that arrive in order into splits of whole records.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "base/stop_flag.hpp"
#include "codec/decoder.hpp"
#include "input/decoded_bytes.hpp"
#include "input/file_header.hpp"
#include "input/record_cutter.hpp"
#include "input/record_rules.hpp"
#include "input/window_buffer.hpp"
#include "os/input_stream.hpp"

namespace mrun {

/// Some whole records of a stream, with the memory that holds them.
struct StreamPiece {
  WindowBuffer bytes;
  std::uint64_t offset = 0;      ///< From the stream's start.
  std::uint64_t first_line = 1;  ///< Counted only where line numbers are asked for.
  std::uint64_t ordinal = 0;     ///< From 0, in stream order.
  /// The stream's first record, where it is a header; for all but the first piece. Lives with the
  /// splitter.
  Slice header;
};

/// Any thread may call `next`; it reads in the thread that asks, one at a time.
class StreamSplitter {
 public:
  /// Aims at pieces of `piece_bytes`; smaller where the budget has no room, longer for one record.
  /// `decoder_bytes`: for the decoder of a stream that begins as a compressed file does; 0: its
  /// bytes are read as they are.
  StreamSplitter(std::string path, const RecordRules& rules, std::size_t piece_bytes,
                 std::size_t decoder_bytes, MemoryBudget& budget, const StopFlag& stop);

  /// The next piece; empty at the stream's end.
  Result<std::optional<StreamPiece>> next();

 private:
  Result<void> open();
  Result<std::size_t> read(std::span<std::byte> out);
  Result<std::size_t> read_stored(std::span<std::byte> out);
  Result<WindowBuffer> begin_piece();
  Result<std::size_t> fill(WindowBuffer& bytes);
  Result<std::size_t> end_of_stream(std::size_t size) const;
  Result<void> keep_tail(const WindowBuffer& bytes, std::size_t end);

  std::string path_;
  RecordRules rules_;
  RecordCutter cutter_;
  std::size_t piece_bytes_, decoder_bytes_;
  MemoryBudget& budget_;
  const StopFlag& stop_;

  std::mutex mutex_;  ///< Guards all below.
  std::optional<InputStream> stream_;
  std::array<std::byte, kMagicBytes> first_bytes_{};
  std::span<const std::byte> first_;  ///< Bytes that were looked at, and not read yet.
  std::optional<DecodedBytes> text_;  ///< Of a stream that is compressed.
  FileHeader header_;
  PageBuffer tail_;  ///< The beginning of the next piece.
  std::size_t tail_size_ = 0;
  bool ended_ = false;
  std::uint64_t offset_ = 0;
  std::uint64_t line_ = 1;
  std::uint64_t ordinal_ = 0;
};

}  // namespace mrun
