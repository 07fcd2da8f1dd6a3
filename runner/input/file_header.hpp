// FileHeader: the first record of a file, kept for the records that follow it.
#pragma once

#include <cstddef>

#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "input/record_rules.hpp"
#include "model/entry.hpp"
#include "os/page_buffer.hpp"

namespace mrun {

/// Holds a copy, for the bytes of a file come and go. One thread at a time.
class FileHeader {
 public:
  /// Copies the first record of `bytes`, which begin where their file does and hold it whole, as
  /// jobs see it. Returns where it ends in `bytes`, its delimiter included. Code::limit where
  /// `budget` has no room.
  Result<std::size_t> keep(Slice bytes, const RecordRules& rules, MemoryBudget& budget);
  /// Empty again; the memory stays for the next one.
  void forget() { text_ = {}; }
  /// Lives until the next `keep`.
  Slice text() const { return text_; }

 private:
  PageBuffer bytes_;
  Slice text_;
};

}  // namespace mrun
