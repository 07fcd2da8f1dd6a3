// The turns of an ordered part: who writes, who collects, who waits.
#include "output/ordered_part.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/check.hpp"

namespace mrun {
namespace {

/// How long a waiting piece may not notice a stop.
constexpr std::chrono::milliseconds kStopPeriod{50};

/// The buffer of the one piece that must go on although the budget is used up, or of one that
/// drops what it gets. Small enough not to be charged: a part has one of the first kind.
OutputChunk uncharged_chunk() {
  OutputChunk chunk;
  chunk.bytes.reset(new std::uint8_t[PieceWriter::kReserveBytesMax]);
  chunk.capacity = PieceWriter::kReserveBytesMax;
  return chunk;
}

}  // namespace

PieceWriter::PieceWriter(PieceWriter&& other) noexcept
    : part_(std::exchange(other.part_, nullptr)),
      piece_(other.piece_),
      records_(other.records_),
      size_bytes_(other.size_bytes_),
      chunk_(std::exchange(other.chunk_, {})),
      next_(std::exchange(other.next_, nullptr)),
      end_(std::exchange(other.end_, nullptr)) {}

PieceWriter::~PieceWriter() {
  if (part_ == nullptr) return;
  part_->give_up(piece_);
  part_->close_piece(piece_, {}, 0, 0);
}

OutputChunk PieceWriter::take_chunk() {
  if (chunk_.bytes != nullptr) chunk_.size = static_cast<std::size_t>(next_ - chunk_.bytes.get());
  size_bytes_ += chunk_.size;
  next_ = end_ = nullptr;
  return std::exchange(chunk_, {});
}

void PieceWriter::make_room(std::size_t bytes) {
  MRUN_CHECK(bytes <= kReserveBytesMax && part_ != nullptr);
  chunk_ = part_->next_chunk(piece_, take_chunk());
  next_ = chunk_.bytes.get();
  end_ = next_ + chunk_.capacity;
}

void PieceWriter::append_long(Slice bytes) {
  while (bytes.size != 0) {
    if (next_ == end_) make_room(1);
    const std::size_t size =
        std::min<std::size_t>(bytes.size, static_cast<std::size_t>(end_ - next_));
    std::memcpy(next_, bytes.data, size);
    next_ += size;
    bytes = {bytes.data + size, bytes.size - size};
  }
}

Result<void> PieceWriter::status() const {
  MRUN_CHECK(part_ != nullptr);
  if (!part_->failed_.load(std::memory_order_relaxed)) return {};
  return part_->status(piece_);
}

Result<void> PieceWriter::close() {
  MRUN_CHECK(part_ != nullptr);
  OrderedPart* const part = std::exchange(part_, nullptr);
  OutputChunk last = take_chunk();
  part->close_piece(piece_, std::move(last), records_, size_bytes_);
  return part->status(piece_);
}

OrderedPart::OrderedPart(PartFile file, std::size_t piece_count, OutputMemory& memory,
                         const StopFlag& stop, Limits limits)
    : file_(std::move(file)), memory_(memory), stop_(stop), limits_(limits), pieces_(piece_count) {}

void OrderedPart::add_pieces(std::size_t count) {
  const std::lock_guard<std::mutex> lock(mutex_);
  pieces_.resize(pieces_.size() + count);
}

PieceWriter OrderedPart::open_piece(std::size_t index) {
  const std::lock_guard<std::mutex> lock(mutex_);
  MRUN_CHECK(index < pieces_.size());
  return PieceWriter(*this, index);
}

Result<void> OrderedPart::status(std::size_t piece) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (error_) return Failure{*error_};
  if (given_up_ < piece) {
    return fail(Code::cancelled,
                fmt::format("piece {} of '{}' was given up", given_up_, file_.name()));
  }
  return {};
}

/// Pieces before it are not told: what they run into comes first, and must not be hidden.
void OrderedPart::give_up(std::size_t piece) {
  const std::lock_guard<std::mutex> lock(mutex_);
  given_up_ = std::min(given_up_, piece);
  failed_.store(true, std::memory_order_relaxed);
  turn_moved_.notify_all();
}

void OrderedPart::fail_part(Error error) {
  const std::lock_guard<std::mutex> lock(mutex_);
  fail_locked(std::move(error));
}

void OrderedPart::fail_locked(Error error) {
  // That others were stopped because of it must not hide why.
  if (!error_) error_ = std::move(error);
  failed_.store(true, std::memory_order_relaxed);
  turn_moved_.notify_all();
}

/// Takes a buffer that is full (or none) and returns one with room.
OutputChunk OrderedPart::next_chunk(std::size_t piece, OutputChunk full) {
  OutputChunk next;
  if (queue_chunk(piece, full, next)) return next;
  if (wait_for_turn(piece)) write_in_turn(piece, full);
  full.size = 0;
  if (full.capacity == OutputMemory::kChunkBytes) return full;
  next = memory_.take();
  if (next.bytes == nullptr && full.bytes != nullptr) return full;
  return next.bytes != nullptr ? std::move(next) : uncharged_chunk();
}

/// Before the piece's turn: puts `full` aside and gets `next`. False, and nothing done, at its turn
/// or where no buffer is granted.
bool OrderedPart::queue_chunk(std::size_t piece, OutputChunk& full, OutputChunk& next) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (turn_ == piece || is_void(piece)) return false;
  if (queued_bytes_ + full.capacity > limits_.queued_bytes_max) return false;
  next = memory_.take();
  if (next.bytes == nullptr) return false;
  if (full.bytes == nullptr) return true;
  queued_bytes_ += full.capacity;
  pieces_[piece].queue.push_back(std::move(full));
  full = {};
  return true;
}

/// False where the part has failed or the job is stopped.
bool OrderedPart::wait_for_turn(std::size_t piece) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (turn_ != piece && !is_void(piece)) {
    if (stop_.stopped())
      fail_locked({Code::cancelled, "stopped while writing " + file_.name(), ""});
    else
      turn_moved_.wait_for(lock, kStopPeriod);
  }
  return !is_void(piece);
}

/// What the piece had put aside, then `full`. Only the holder of the turn comes here.
void OrderedPart::write_in_turn(std::size_t piece, const OutputChunk& full) {
  std::vector<OutputChunk> queue;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue = std::exchange(pieces_[piece].queue, {});
    for (const OutputChunk& chunk : queue) queued_bytes_ -= chunk.capacity;
  }
  for (OutputChunk& chunk : queue) {
    write_chunk(chunk);
    memory_.give(std::move(chunk));
  }
  write_chunk(full);
}

void OrderedPart::write_chunk(const OutputChunk& chunk) {
  if (chunk.size == 0 || failed_.load(std::memory_order_relaxed)) return;
  const auto* const bytes = reinterpret_cast<const std::byte*>(chunk.bytes.get());
  if (Result<void> written = file_.append({bytes, chunk.size}); !written)
    fail_part(std::move(written).error());
}

void OrderedPart::close_piece(std::size_t piece, OutputChunk last, std::uint64_t records,
                              std::uint64_t size_bytes) {
  std::unique_lock<std::mutex> lock(mutex_);
  MRUN_CHECK(!pieces_[piece].closed);
  closed_bytes_ += size_bytes;
  if (turn_ != piece) {
    // Copying under the lock is rare and short; outside, the turn could come meanwhile.
    if (last.size != 0 && !is_void(piece)) {
      memory_.shrink(last);
      queued_bytes_ += last.capacity;
      pieces_[piece].queue.push_back(std::move(last));
    }
    pieces_[piece].records = records;
    pieces_[piece].closed = true;
    return;
  }
  pieces_[piece].closed = true;
  lock.unlock();
  write_in_turn(piece, last);
  memory_.give(std::move(last));
  file_.count_records(records);
  lock.lock();
  pass_turn(lock);
}

/// Gives the turn to the next piece that is open, writing what the closed ones before it left.
void OrderedPart::pass_turn(std::unique_lock<std::mutex>& lock) {
  while (++turn_ < pieces_.size() && pieces_[turn_].closed) {
    const std::size_t piece = turn_;
    const std::uint64_t records = pieces_[piece].records;
    lock.unlock();
    write_in_turn(piece, {});
    file_.count_records(records);
    lock.lock();
  }
  turn_moved_.notify_all();
}

Result<PartInfo> OrderedPart::finish() {
  MRUN_TRY(status(std::numeric_limits<std::size_t>::max()));
  // A piece that is neither closed nor given up was never opened: its bytes are missing.
  MRUN_CHECK(turn_ == pieces_.size());
  if (closed_bytes_ != file_.appended_bytes()) {
    return fail(Code::integrity,
                fmt::format("'{}' holds {} bytes, and its pieces wrote {}", file_.name(),
                            file_.appended_bytes(), closed_bytes_),
                "this is a bug in mrun; no output was made");
  }
  return file_.finish();
}

}  // namespace mrun
