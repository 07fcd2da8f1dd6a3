// SigbusGuard: keeps the process alive when a page of a mapped file cannot be read.
//
// A file that is truncated while it is mapped, or whose disk fails, gives SIGBUS. Signals belong to
// the whole process, so the handler and its table of guarded ranges are the one thing of this kind
// that is global.
#pragma once

#include <cstddef>

#include "base/result.hpp"

namespace mrun {

struct GuardedRange;

/// Guards one mapped range while it lives. On SIGBUS inside the range, the rest of it from the
/// fault on becomes zeros and `damaged` is set; a SIGBUS elsewhere goes to whoever handled it
/// before. Move-only; `damaged` may be asked by any thread.
class SigbusGuard {
 public:
  SigbusGuard() = default;
  /// `begin`: page-aligned. The range must stay mapped for longer than the guard lives.
  SigbusGuard(const void* begin, std::size_t size_bytes);
  SigbusGuard(SigbusGuard&& other) noexcept : range_(other.range_) { other.range_ = nullptr; }
  SigbusGuard& operator=(SigbusGuard&& other) noexcept;
  ~SigbusGuard();

  bool damaged() const;

 private:
  GuardedRange* range_ = nullptr;
};

}  // namespace mrun
