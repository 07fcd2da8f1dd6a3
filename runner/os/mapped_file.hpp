// MappedFile: a whole regular file as read-only memory, with readable bytes after its end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "os/path_info.hpp"
#include "os/sigbus_guard.hpp"

namespace mrun {

/// Shared by all threads, unmapped when it dies. Reading a page that the file no longer has does
/// not kill the process: it reads zeros and sets `damaged` (see sigbus_guard.hpp).
class MappedFile {
 public:
  /// At least as many bytes may be read after the file's last one.
  static constexpr std::size_t kReadableAfterEnd = 64;

  enum class Reading : std::uint8_t {
    once,   ///< From front to back, each byte about once.
    often,  ///< Anywhere, again and again.
  };
  /// Maps the file. Code::input: missing, no regular file, no permission. Code::limit: no room in
  /// the address space, or too many mappings (vm.max_map_count).
  static Result<std::shared_ptr<MappedFile>> open(const std::string& path, Reading reading);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::uint8_t* data() const { return data_; }
  std::uint64_t size() const { return info_.size_bytes; }
  /// What the file was when it was mapped.
  const PathInfo& info() const { return info_; }
  const std::string& path() const { return path_; }

  /// Whether a page could not be read since it was mapped. True means that some reader saw zeros in
  /// place of bytes: look after each batch and after the last read.
  bool damaged() const { return guard_.damaged(); }

  /// Asks the system to read [offset, offset + size) soon, without waiting.
  void will_need(std::uint64_t offset, std::uint64_t size_bytes) const;

 private:
  MappedFile() = default;

  std::string path_;
  PathInfo info_;
  std::uint8_t* data_ = nullptr;
  std::size_t mapped_bytes_ = 0;  ///< Reserved: the file's pages and those after them.
  SigbusGuard guard_;
};

}  // namespace mrun
