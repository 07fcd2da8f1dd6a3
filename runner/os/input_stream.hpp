// InputStream: bytes that arrive in order: the standard input, a FIFO, a file of unknown size.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.hpp"
#include "base/stop_flag.hpp"
#include "os/owned_fd.hpp"

namespace mrun {

/// One thread at a time. Move-only. All failures are Code::input, a stop is Code::cancelled.
class InputStream {
 public:
  /// "-" is the standard input, which stays open when this dies. A FIFO without a writer opens at
  /// once; `read` waits for one.
  static Result<InputStream> open(const std::string& path);

  /// Fills as much of `bytes` as it can get; fewer only at the end. Looks at `stop` at least five
  /// times a second while it waits.
  Result<std::size_t> read(std::span<std::byte> bytes, const StopFlag& stop);

 private:
  InputStream(int fd, OwnedFd owned, std::string path)
      : fd_(fd), owned_(std::move(owned)), path_(std::move(path)) {}
  Result<void> wait_readable(const StopFlag& stop);

  int fd_;
  OwnedFd owned_;  ///< Empty for the standard input.
  std::string path_;
};

}  // namespace mrun
