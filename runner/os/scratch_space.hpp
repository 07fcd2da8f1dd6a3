// ScratchSpace: where a run puts what does not fit in memory: folders used side by side, and a
// limit.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "os/storage.hpp"
#include "os/striped_file.hpp"

namespace mrun {

/// How long writing has taken of late, so that who writes can weigh its own work against the
/// disk's. Any thread.
class WriteRate {
 public:
  void add(std::uint64_t bytes, double seconds);
  /// Seconds a byte over the last 128 MiB or so; 0 before anything was written.
  double seconds_a_byte() const;

 private:
  mutable std::mutex mutex_;
  double bytes_ = 0;
  double seconds_ = 0;
};

/// Any thread may call any member. Files have no names, so no crash leaves them behind.
class ScratchSpace {
 public:
  /// At least one folder. `limit_bytes`: of all files together. `storage` outlives it.
  ScratchSpace(Storage& storage, std::vector<std::string> folders,
               std::uint64_t limit_bytes = UINT64_MAX);
  ~ScratchSpace();

  /// What the run is expected to have here at once, for messages; 0: not known. Before any file.
  void expect(std::uint64_t bytes) { expected_bytes_ = bytes; }

  /// A new file over all folders; it must die before this. Writing beyond the limit is
  /// Code::limit; where no folder has room, Code::output.
  std::unique_ptr<StorageFile> create();

  std::uint64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }
  /// The most that was there at once.
  std::uint64_t peak_bytes() const { return peak_bytes_.load(std::memory_order_relaxed); }
  const WriteRate& write_rate() const { return write_rate_; }
  const std::vector<std::string>& folders() const { return folders_.names(); }
  std::uint64_t limit_bytes() const { return limit_bytes_; }

 private:
  class File;
  Result<void> charge(std::uint64_t bytes);
  Failure out_of_room(Error error) const;
  std::string need_text() const;

  ScratchFolders folders_;
  const std::uint64_t limit_bytes_;
  std::uint64_t expected_bytes_ = 0;
  WriteRate write_rate_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint64_t> used_bytes_{0};
  std::atomic<std::uint64_t> peak_bytes_{0};
};

}  // namespace mrun
