// ScratchSpace: where a run puts what does not fit in memory: folders in turn, and a limit.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "os/storage.hpp"

namespace mrun {

/// Any thread may call any member. Files have no names, so no crash leaves them behind.
class ScratchSpace {
 public:
  /// At least one folder. `limit_bytes`: of all files together. `storage` outlives it.
  ScratchSpace(Storage& storage, std::vector<std::string> folders,
               std::uint64_t limit_bytes = UINT64_MAX);
  ~ScratchSpace();

  /// A new file in the next folder; it must die before this. Writing beyond the limit is
  /// Code::limit.
  Result<std::unique_ptr<StorageFile>> create();

  std::uint64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }

 private:
  class File;

  Storage& storage_;
  const std::vector<std::string> folders_;
  const std::uint64_t limit_bytes_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint64_t> used_bytes_{0};
};

}  // namespace mrun
