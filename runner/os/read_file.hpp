// ReadFile: a regular file opened for reading at chosen offsets (pread).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"
#include "os/owned_fd.hpp"
#include "os/path_info.hpp"

namespace mrun {

/// Move-only; any thread may call the const members, many at once.
class ReadFile {
 public:
  /// `code` is what every failure of this file counts as.
  static Result<ReadFile> open(const std::string& path, Code code);

  /// Reads up to `bytes.size()` bytes; fewer only where the file ends. EINTR and short reads are
  /// invisible.
  Result<std::size_t> read_at(std::span<std::byte> bytes, std::uint64_t offset) const;
  /// Maps the file's first `size_bytes` read-only over memory that is reserved at `address`.
  /// Code::limit where the system has no room for another mapping.
  Result<void> map_over(void* address, std::size_t size_bytes) const;
  /// Says that each byte is read about once, here and in mappings made from here: the system then
  /// does not give up what others have in its cache for these pages. None leaves it for that alone.
  void expect_one_reading() const;
  /// What the file was when it was opened.
  const PathInfo& info() const { return info_; }
  /// What the open file is now.
  Result<PathInfo> current_info() const { return descriptor_info(fd_.get(), path_, code_); }
  const std::string& path() const { return path_; }

 private:
  ReadFile(OwnedFd fd, std::string path, PathInfo info, Code code)
      : fd_(std::move(fd)), path_(std::move(path)), info_(info), code_(code) {}

  OwnedFd fd_;
  std::string path_;
  PathInfo info_;
  Code code_;
};

/// A small file's whole contents (a manifest, a size). More than `max_bytes` is an error.
Result<std::string> read_whole_file(const std::string& path, std::size_t max_bytes, Code code);

}  // namespace mrun
