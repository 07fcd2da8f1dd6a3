// Executor: the engine's only door to threads.
#pragma once

#include <cstddef>
#include <functional>

namespace mrun {

/// Runs independent pieces of work.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Calls body(0) ... body(count - 1) once each, started in rising order, at most `width()` at
  /// once, and returns when all have returned. A body may wait for one of a lower index only.
  /// `body` must not throw.
  virtual void for_each_index(std::size_t count, const std::function<void(std::size_t)>& body) = 0;
  virtual unsigned width() const = 0;
};

}  // namespace mrun
