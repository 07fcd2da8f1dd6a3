// PartStream: the parts of an output on their way to the standard output, in order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "os/scratch_space.hpp"

namespace mrun {

/// The first part that has not ended is written out as it grows; those behind it wait in files
/// without a name, which no crash leaves behind. Any thread may write a part of its own.
class PartStream {
 public:
  /// Takes bytes in order; false where their reader has gone.
  using Write = std::function<Result<bool>(std::span<const std::byte>)>;

  /// `scratch` outlives the stream, and keeps the parts that wait.
  PartStream(ScratchSpace& scratch, std::uint32_t part_count, Write write);
  ~PartStream();

  /// What part `number` is appended to; each once. Closing it ends the part.
  Result<std::unique_ptr<StorageFile>> open(std::uint32_t number);
  /// The reader has gone: writing has failed with Code::cancelled, and nobody misses the rest.
  bool reader_gone() const;

 private:
  class File;
  struct Part {
    std::unique_ptr<StorageFile> waiting;
    std::uint64_t waiting_bytes = 0;
    bool ended = false;
  };

  Result<void> append(std::uint32_t number, std::span<const std::byte> bytes);
  Result<void> end(std::uint32_t number);
  Result<void> write_waiting(Part& part);
  Result<void> write(std::span<const std::byte> bytes);

  ScratchSpace& scratch_;
  const Write write_;
  mutable std::mutex mutex_;  // Guards what follows.
  std::vector<Part> parts_;
  std::uint32_t next_ = 0;  // The first part that has not ended.
  bool reader_gone_ = false;
};

}  // namespace mrun
