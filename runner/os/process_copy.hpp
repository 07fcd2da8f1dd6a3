// Work in a copy of this process: whatever it does there, nothing of it happens here.
#pragma once

#include <cstddef>
#include <functional>

#include "base/result.hpp"

namespace mrun {

/// Zeroed memory that a copy of this process shares with it. Move-only.
class SharedMemory {
 public:
  /// Code::limit where the system has none.
  static Result<SharedMemory> create(std::size_t size_bytes);
  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&&) = delete;
  ~SharedMemory();
  void* data() const { return data_; }

 private:
  SharedMemory(void* data, std::size_t size_bytes) : data_(data), size_bytes_(size_bytes) {}
  void* data_;
  std::size_t size_bytes_;
};

/// Forks, calls `work` in the copy, which has this thread only and whose standard streams are
/// /dev/null, and waits until it is over: a crash, an exit() or a loop of `work` ends the copy
/// alone. The copy is killed after `seconds_most`, and where this process dies. False where `work`
/// did not return, or nothing could be forked.
bool run_in_copy(const std::function<void()>& work, double seconds_most);

}  // namespace mrun
