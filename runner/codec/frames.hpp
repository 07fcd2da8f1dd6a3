// Frames: files of gzip, zstd and lz4, as a row of frames (members) that are whole by themselves.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "base/compression.hpp"
#include "base/result.hpp"

namespace mrun {

/// The most that `compress_frame` writes for `raw_bytes`.
std::size_t frame_bytes_most(Compression compression, std::size_t raw_bytes);

/// Memory that `compress_frame` takes while it runs, at most.
constexpr std::size_t kFrameWorkBytes = std::size_t{3} << 20;

/// Compresses `raw` into one frame and returns its size. The same bytes give the same frame, on any
/// machine with the same version of the library. Code::limit where memory is short.
Result<std::size_t> compress_frame(Compression compression, std::span<const std::byte> raw,
                                   std::span<std::byte> out);

/// Takes a file's bytes in pieces of any size and hands on what they hold. One thread at a time.
class FrameReader {
 public:
  using Write = std::function<Result<void>(std::span<const std::byte>)>;

  virtual ~FrameReader() = default;
  /// Code::integrity where the bytes are no such file.
  virtual Result<void> feed(std::span<const std::byte> bytes, const Write& write) = 0;
  /// After the last bytes: Code::integrity where they ended within a frame.
  virtual Result<void> end() = 0;
};

/// For Compression::none too. Code::limit where memory is short.
Result<std::unique_ptr<FrameReader>> make_frame_reader(Compression compression);

}  // namespace mrun
