// DecodedBytes: the text of a compressed file or stream, decoded as it is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/compression.hpp"
#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "codec/decoder.hpp"
#include "os/page_buffer.hpp"

namespace mrun {

/// One thread at a time.
class DecodedBytes {
 public:
  /// The file's next bytes; fewer than asked for only at its end.
  using ReadStored = std::function<Result<std::size_t>(std::span<std::byte>)>;

  /// `path` is for messages. The decoder may take `memory_bytes`, which is charged to `budget`
  /// unless the format needs less. Code::limit where that is not enough.
  static Result<DecodedBytes> create(std::string path, Compression compression, ReadStored read,
                                     std::size_t memory_bytes, MemoryBudget& budget);

  /// Fills `out`; fewer bytes only at the text's end. Code::input with the place in the file where
  /// it is damaged or ends too early; Code::limit where its window, or the whole text, is out of
  /// all proportion.
  Result<std::size_t> read(std::span<std::byte> out);

  std::uint64_t stored_bytes() const { return stored_bytes_; }
  std::uint64_t text_bytes() const { return text_bytes_; }

 private:
  DecodedBytes(std::string path, ReadStored read, std::unique_ptr<Decoder> decoder, Charge charge,
               PageBuffer stored)
      : path_(std::move(path)),
        read_(std::move(read)),
        decoder_(std::move(decoder)),
        charge_(std::move(charge)),
        stored_(std::move(stored)) {}
  Result<void> read_more();
  Failure undecodable(Error error) const;
  Failure out_of_proportion() const;

  std::string path_;
  ReadStored read_;
  std::unique_ptr<Decoder> decoder_;
  Charge charge_;  // For the decoder.
  PageBuffer stored_;
  std::span<const std::byte> pending_;  // Of `stored_`, not decoded yet.
  std::uint64_t stored_bytes_ = 0, text_bytes_ = 0;
  bool is_read_ = false;  // To the file's end.
};

}  // namespace mrun
