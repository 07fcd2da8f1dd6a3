// MappedInput: the bytes of a whole file, and some readable ones behind them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace mrun::bench {

/// Ends the program with a message where the file cannot be mapped; a file that does not outlive
/// the mapping unchanged is not detected.
class MappedInput {
 public:
  /// Bytes after the file's last one that may be read (they are zero), so that code which loads a
  /// whole vector needs no special case at the end.
  static constexpr std::size_t kPaddingBytes = 64;

  explicit MappedInput(const std::string& path);
  MappedInput(const MappedInput&) = delete;
  MappedInput& operator=(const MappedInput&) = delete;

  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  const std::uint8_t* end() const { return data_ + size_; }

 private:
  // Never unmapped: the programs end without tidying up, as the kernel does that faster.
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Where the first record that begins at or after `at` begins, if records end with a newline.
const std::uint8_t* line_start_from(const MappedInput& input, const std::uint8_t* at);

}  // namespace mrun::bench
