// OrderedPart: one part file written by many pieces of work at once, in the order of the pieces.
//
// The lowest piece that is not closed has the turn: it writes straight to the file. Later pieces
// collect their bytes in charged buffers and, when no more are granted, wait for their turn. Who
// closes the piece with the turn writes the buffers of the closed pieces that follow.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/stop_flag.hpp"
#include "model/entry.hpp"
#include "output/output_memory.hpp"
#include "output/part_file.hpp"

namespace mrun {

class OrderedPart;

/// Writes the bytes of one piece. Move-only; used by one thread at a time. After a failure it takes
/// bytes and drops them, so that only `status` and `close` need a check.
class PieceWriter {
 public:
  /// What one `reserve` may ask for.
  static constexpr std::size_t kReserveBytesMax = std::size_t{64} << 10;

  PieceWriter(PieceWriter&& other) noexcept;
  PieceWriter& operator=(PieceWriter&&) = delete;
  /// Without a `close` before, the whole part fails: its bytes would be incomplete.
  ~PieceWriter();

  /// Room for `bytes` (<= kReserveBytesMax) at the returned address, until the next call. May wait
  /// for the piece's turn.
  std::uint8_t* reserve(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - next_) < bytes) make_room(bytes);
    return next_;
  }
  /// Takes what was written from `reserve`'s address up to `end`.
  void commit(std::uint8_t* end) { next_ = end; }
  /// Appends bytes of any number.
  void append(Slice bytes) {
    if (bytes.size > static_cast<std::size_t>(end_ - next_)) return append_long(bytes);
    if (bytes.size != 0) std::memcpy(next_, bytes.data, bytes.size);
    next_ += bytes.size;
  }
  void count_records(std::uint64_t records) { records_ += records; }

  /// The part's first failure, if any: ask once per batch. A stop is Code::cancelled.
  Result<void> status() const;
  /// Ends the piece; does not wait for its turn. Call it once.
  Result<void> close();

 private:
  friend class OrderedPart;
  PieceWriter(OrderedPart& part, std::size_t piece) : part_(&part), piece_(piece) {}

  void make_room(std::size_t bytes);
  void append_long(Slice bytes);
  OutputChunk take_chunk();

  OrderedPart* part_;  ///< Null once closed or moved from.
  std::size_t piece_;
  std::uint64_t records_ = 0;
  std::uint64_t size_bytes_ = 0;  ///< Of the chunks that were handed over.
  OutputChunk chunk_;
  std::uint8_t* next_ = nullptr;
  std::uint8_t* end_ = nullptr;
};

class OrderedPart {
 public:
  struct Limits {
    /// What the buffers of pieces whose turn has not come may hold together.
    std::size_t queued_bytes_max = std::size_t{64} << 20;
  };

  /// `piece_count` pieces, each to be opened and closed once, in any order; a piece may wait only
  /// for pieces of a lower index. `memory` and `stop` outlive it.
  OrderedPart(PartFile file, std::size_t piece_count, OutputMemory& memory, const StopFlag& stop,
              Limits limits);
  OrderedPart(PartFile file, std::size_t piece_count, OutputMemory& memory, const StopFlag& stop)
      : OrderedPart(std::move(file), piece_count, memory, stop, Limits{}) {}

  /// Adds pieces after the last one: for work whose end is not known when it begins.
  void add_pieces(std::size_t count);

  /// The writer of piece `index`; it must not outlive the part. Takes no buffer until it is written
  /// to, so a piece of a side output that gets nothing costs nothing.
  PieceWriter open_piece(std::size_t index);

  /// After all pieces are closed: ends the file. The first failure of any piece, else what
  /// PartFile::finish says; Code::integrity where the file does not hold what the pieces wrote.
  Result<PartInfo> finish();

 private:
  friend class PieceWriter;
  struct Piece {
    std::vector<OutputChunk> queue;
    std::uint64_t records = 0;
    bool closed = false;
  };

  Result<void> status(std::size_t piece);
  void give_up(std::size_t piece);
  /// Whether what the piece writes is lost anyway. Under the lock.
  bool is_void(std::size_t piece) const { return error_ || given_up_ < piece; }
  void fail_part(Error error);
  void fail_locked(Error error);
  OutputChunk next_chunk(std::size_t piece, OutputChunk full);
  bool queue_chunk(std::size_t piece, OutputChunk& full, OutputChunk& next);
  bool wait_for_turn(std::size_t piece);
  void write_in_turn(std::size_t piece, const OutputChunk& full);
  void write_chunk(const OutputChunk& chunk);
  void close_piece(std::size_t piece, OutputChunk last, std::uint64_t records,
                   std::uint64_t size_bytes);
  void pass_turn(std::unique_lock<std::mutex>& lock);

  PartFile file_;  ///< Touched only by the holder of the turn, so without the lock.
  OutputMemory& memory_;
  const StopFlag& stop_;
  const Limits limits_;

  std::mutex mutex_;
  std::condition_variable turn_moved_;
  std::deque<Piece> pieces_;
  std::size_t turn_ = 0;
  std::size_t queued_bytes_ = 0;
  std::uint64_t closed_bytes_ = 0;  ///< That closed pieces say they have.
  std::optional<Error> error_;
  std::size_t given_up_ = std::numeric_limits<std::size_t>::max();  ///< The lowest such piece.
  /// Relaxed: a hint to stop early; who needs the error itself takes the lock.
  std::atomic<bool> failed_{false};
};

}  // namespace mrun
