// CacheDrops: which parts of a file nobody will read again, as pages that its cache can give up.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <vector>

namespace mrun {

/// A file system's cache keeps or drops whole pages, and may make them so large that readers of
/// several places share one. So a page goes when all of it was named, whoever comes last. Any
/// thread. Takes 2 bytes a MiB of the file.
class CacheDrops {
 public:
  /// The largest pages there are; smaller ones begin and end with them.
  static constexpr std::uint64_t kPageBytes = std::uint64_t{2} << 20;

  /// Names a range, and calls `drop(offset, size_bytes)` for each page of it that is done. What
  /// several readers name, as a block at a border, counts more than once; who comes after the page
  /// was done has it dropped again.
  template <typename Drop>
  void add(std::uint64_t offset, std::uint64_t size_bytes, const Drop& drop) {
    const std::uint64_t end = offset + size_bytes;
    const std::scoped_lock lock(mutex_);
    if (named_.size() * kPageBytes < end) named_.resize((end + kPageBytes - 1) / kPageBytes);
    while (offset < end) {
      const std::uint64_t page = offset / kPageBytes;
      const std::uint64_t part = std::min(end, (page + 1) * kPageBytes) - offset;
      named_[page] = static_cast<std::uint32_t>(std::min(named_[page] + part, kPageBytes));
      offset += part;
      if (named_[page] == kPageBytes) drop(page * kPageBytes, kPageBytes);
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::uint32_t> named_;  // Bytes of each page.
};

}  // namespace mrun
