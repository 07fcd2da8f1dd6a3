// Reads a stream piece by piece, and keeps what follows a piece's last record for the next one.
#include "input/stream_splitter.hpp"

#include <algorithm>
#include <cstring>

#include "input/short_record.hpp"

namespace mrun {

StreamSplitter::StreamSplitter(std::string path, const RecordRules& rules, std::size_t piece_bytes,
                               std::size_t decoder_bytes, MemoryBudget& budget,
                               const StopFlag& stop)
    : path_(std::move(path)),
      rules_(rules),
      cutter_(rules.format),
      piece_bytes_(piece_bytes),
      decoder_bytes_(decoder_bytes),
      budget_(budget),
      stop_(stop) {}

Result<std::optional<StreamPiece>> StreamSplitter::next() {
  const std::lock_guard lock(mutex_);
  if (stop_.stopped()) return fail(Code::cancelled, "stopped while reading '" + path_ + "'");
  if (ended_) return std::optional<StreamPiece>();
  if (!stream_) MRUN_TRY(open());
  MRUN_TRY_ASSIGN(WindowBuffer bytes, begin_piece());
  MRUN_TRY_ASSIGN(const std::size_t end, fill(bytes));
  if (end == 0) return std::optional<StreamPiece>();
  MRUN_TRY(keep_tail(bytes, end));
  bytes.drop_back(bytes.size() - end);
  StreamPiece piece{std::move(bytes), offset_, line_, ordinal_++, header_.text()};
  if (rules_.has_header && piece.ordinal == 0)
    MRUN_TRY(header_.keep({piece.bytes.data(), end}, rules_, budget_));
  offset_ += end;
  if (rules_.line_numbers) line_ += cutter_.records_in({piece.bytes.data(), end});
  return std::optional<StreamPiece>(std::move(piece));
}

/// Reads as much as tells whether the stream is compressed.
Result<void> StreamSplitter::open() {
  MRUN_TRY_ASSIGN(stream_, InputStream::open(path_));
  if (decoder_bytes_ == 0) return {};
  MRUN_TRY_ASSIGN(const std::size_t got, stream_->read(first_bytes_, stop_));
  first_ = std::span<const std::byte>(first_bytes_).first(got);
  const Compression compression = compression_of(first_);
  if (compression == Compression::none) return {};
  auto stored = [this](std::span<std::byte> out) -> Result<std::size_t> {
    return read_stored(out);
  };
  MRUN_TRY_ASSIGN(text_,
                  DecodedBytes::create({path_, compression, stored, decoder_bytes_, budget_}));
  return {};
}

/// The stream's bytes, the first ones once more.
Result<std::size_t> StreamSplitter::read_stored(std::span<std::byte> out) {
  const std::size_t again = std::min(first_.size(), out.size());
  if (again > 0) std::memcpy(out.data(), first_.data(), again);
  first_ = first_.subspan(again);
  MRUN_TRY_ASSIGN(const std::size_t got, stream_->read(out.subspan(again), stop_));
  return again + got;
}

Result<std::size_t> StreamSplitter::read(std::span<std::byte> out) {
  return text_ ? text_->read(out) : read_stored(out);
}

/// A buffer that holds the tail of the piece before.
Result<WindowBuffer> StreamSplitter::begin_piece() {
  if (cutter_.is_fixed() && cutter_.fixed_bytes() > WindowBuffer::longest_record(budget_))
    return record_too_long(path_, offset_, cutter_.fixed_bytes(), budget_);
  WindowBuffer bytes(budget_);
  MRUN_TRY(bytes.allocate(std::max(piece_bytes_, tail_size_), tail_size_));
  if (tail_size_ > 0) std::memcpy(bytes.free_data(), tail_.bytes(), tail_size_);
  bytes.added(tail_size_);
  tail_ = {};
  tail_size_ = 0;
  return bytes;
}

/// Reads until the buffer is full and holds a whole record, or the stream ends. Returns where the
/// last whole record ends.
Result<std::size_t> StreamSplitter::fill(WindowBuffer& bytes) {
  for (;;) {
    if (bytes.free_size() == 0) MRUN_TRY(bytes.make_room(path_, offset_));
    const std::size_t wanted = bytes.free_size();
    MRUN_TRY_ASSIGN(const std::size_t got,
                    read({reinterpret_cast<std::byte*>(bytes.free_data()), wanted}));
    bytes.added(got);
    if (got < wanted) {
      ended_ = true;
      return end_of_stream(bytes.size());
    }
    const Window window{bytes.data(), bytes.size(), offset_, false};
    if (const auto end = cutter_.last_end(window, bytes.size())) return *end;
  }
}

Result<std::size_t> StreamSplitter::end_of_stream(std::size_t size) const {
  if (cutter_.is_fixed())
    MRUN_TRY(check_whole_records(path_, offset_ + size, cutter_.fixed_bytes()));
  return size;
}

Result<void> StreamSplitter::keep_tail(const WindowBuffer& bytes, std::size_t end) {
  tail_size_ = bytes.size() - end;
  MRUN_TRY_ASSIGN(tail_, PageBuffer::allocate(budget_, tail_size_));
  if (tail_size_ > 0) std::memcpy(tail_.bytes(), bytes.data() + end, tail_size_);
  return {};
}

}  // namespace mrun
