// Fuzz targets: readers of files, fed with any bytes (P23).
//
// A target reads its input twice: as it is, and with all checksums made to hold, for behind them
// lies what a fuzzer would never reach. It returns what was wrong with the reader, or nothing: a
// reader must not crash, must fail with one of its documented errors, and what it calls sound must
// be so.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace mrun::test_support {

std::string fuzz_table(std::span<const std::uint8_t> bytes);
std::string fuzz_kv(std::span<const std::uint8_t> bytes);

/// A file in memory with the bytes, which other code opens by its path.
class MemoryPath {
 public:
  explicit MemoryPath(std::span<const std::uint8_t> bytes);
  ~MemoryPath();
  MemoryPath(const MemoryPath&) = delete;
  MemoryPath& operator=(const MemoryPath&) = delete;
  const std::string& path() const { return path_; }

 private:
  int fd_;
  std::string path_;
};

}  // namespace mrun::test_support
