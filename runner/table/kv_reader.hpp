// KvReader: streams the pairs of a `kv` part (KV_FORMAT.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "model/entry.hpp"

namespace mrun {

class MappedFile;

/// Move-only; one thread. Errors are Code::integrity, naming file and offset, where the file is
/// damaged.
class KvReader {
 public:
  /// Code::input where the file is no kv part at all.
  static Result<KvReader> open(const std::string& path);
  KvReader(KvReader&&) noexcept;
  ~KvReader();

  /// Moves to the next pair; false after the last one, when all of the file has been checked. Until
  /// then a pair may be handed out whose damage is found only at the end.
  Result<bool> next();
  /// Views that live as long as the reader.
  Slice key() const { return key_; }
  /// `data` is null where the pair has no value.
  Slice value() const { return value_; }

 private:
  struct State;
  explicit KvReader(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
  Slice key_, value_;
};

}  // namespace mrun
