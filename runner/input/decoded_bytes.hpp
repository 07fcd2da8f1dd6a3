// DecodedBytes: the text of a compressed file or stream, decoded as it is asked for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/compression.hpp"
#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "codec/decoder.hpp"
#include "codec/part_decoder.hpp"
#include "os/page_buffer.hpp"

namespace mrun {

/// A place from which a new decoder can go on.
struct DecodingPlace {
  std::uint64_t stored = 0;      ///< Offset in the file.
  std::uint64_t text = 0;        ///< Offset in what it decodes to.
  bool in_legacy_frame = false;  ///< What Decoder::in_legacy_frame says there.
};

/// One thread at a time.
class DecodedBytes {
 public:
  /// The file's next bytes; fewer than asked for only at its end.
  using ReadStored = std::function<Result<std::size_t>(std::span<std::byte>)>;

  /// What is read, and with how much memory.
  struct Source {
    std::string path;  ///< For messages.
    Compression compression;
    ReadStored read;
    /// For the decoder; charged to `budget` unless the format needs less.
    std::size_t memory_bytes;
    MemoryBudget& budget;
  };

  /// The text from `place` on, where `source` begins to read. Code::limit where the memory is not
  /// enough.
  static Result<DecodedBytes> create(Source source, DecodingPlace place = {});
  /// The text of a part, counted from its beginning; `source` begins to read at its first byte.
  static Result<DecodedBytes> create(Source source, const FilePart& part);

  /// Fills `out`; fewer bytes only where the text ends, or where no more of the file may be taken.
  /// Code::input with the place in the file where it ends too early, or where the member, frame or
  /// stream begins that is damaged; Code::limit where its window, or the whole text, is out of
  /// all proportion.
  Result<std::size_t> read(std::span<std::byte> out);

  /// Decodes the rest through `room` and drops it, for its failure's sake: the same one for the
  /// same size of room, from whichever place before it this began.
  Result<void> check_rest(std::span<std::byte> room);

  /// From now on takes no bytes of the file from offset `stored_end` on; no bound at first.
  void stop_at(std::uint64_t stored_end) { stored_end_ = stored_end; }
  /// Drops the text before `text_offset` instead of handing it out.
  void skip_to(std::uint64_t text_offset) { skipped_to_ = text_offset; }
  /// The text of a part was found to begin at `text_offset`. False where that is out of all
  /// proportion.
  [[nodiscard]] bool begins_at(std::uint64_t text_offset) {
    text_bytes_ += text_offset;
    last_place_.text += text_offset;
    return !is_out_of_proportion();
  }

  /// Whether the bytes taken end with a unit.
  bool is_between_units() const { return pending_.empty() && decoder_->is_between_units(); }
  /// Gives back the memory, where the bytes taken end with a unit; nothing is read any more.
  void rest();
  /// Decoder::join.
  bool join(std::unique_ptr<StreamChecks>& checks) { return decoder_->join(checks); }
  /// The last place it passed from which another decoder could go on; none in the file's beginning.
  std::optional<DecodingPlace> last_place() const {
    return last_place_.stored > 0 ? std::optional(last_place_) : std::nullopt;
  }

  std::uint64_t stored_bytes() const { return stored_bytes_; }
  std::uint64_t text_bytes() const { return text_bytes_; }

 private:
  DecodedBytes(Source source, std::unique_ptr<Decoder> decoder, Charge charge, PageBuffer stored,
               DecodingPlace place)
      : path_(std::move(source.path)),
        read_(std::move(source.read)),
        decoder_(std::move(decoder)),
        charge_(std::move(charge)),
        stored_(std::move(stored)),
        begin_(place.stored),
        stored_bytes_(place.stored),
        text_bytes_(place.text) {}
  template <typename Make>
  static Result<DecodedBytes> create(Source source, std::size_t wanted, DecodingPlace place,
                                     const Make& make);
  Result<bool> advance(std::span<std::byte> room);
  Result<void> read_more();
  /// Where the member, frame or stream began in which a damage was found: how far the library has
  /// read on by then depends on the sizes of buffers.
  std::uint64_t unit_begin() const { return std::max(begin_, last_place_.stored); }
  Failure undecodable(std::uint64_t offset, Error error) const;
  bool is_out_of_proportion() const;
  Failure out_of_proportion() const;

  std::string path_;
  ReadStored read_;
  std::unique_ptr<Decoder> decoder_;
  Charge charge_;  // For the decoder.
  PageBuffer stored_;
  std::span<const std::byte> pending_;       // Of `stored_`, not decoded yet.
  std::uint64_t begin_;                      // Offset of the first byte read.
  std::uint64_t stored_bytes_, text_bytes_;  // Offsets of what was read and decoded last.
  std::uint64_t stored_end_ = UINT64_MAX;
  std::uint64_t skipped_to_ = 0;
  DecodingPlace last_place_;
  bool is_read_ = false;  // To the file's end.
};

}  // namespace mrun
