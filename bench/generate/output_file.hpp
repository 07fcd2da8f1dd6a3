// OutputFile: a new file that is filled from the front through one large buffer.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace mrun::bench {

/// Ends the program with a message where the file cannot be written.
class OutputFile {
 public:
  /// No single piece of data may be longer.
  static constexpr std::size_t kMaxPiece = 4096;

  /// An old file of that name is removed first: cutting it to nothing would cost time later.
  explicit OutputFile(std::string path);

  /// Where to write the next piece; kMaxPiece bytes are writable. Good until the next commit().
  char* room() { return buffer_.data() + used_; }

  /// Takes the first `size` bytes of the room as data.
  void commit(std::size_t size) {
    used_ += size;
    size_bytes_ += size;
    if (used_ >= kFlushBytes) flush();
  }

  /// Bytes committed so far.
  std::uint64_t size_bytes() const { return size_bytes_; }

  /// Writes what is left and closes the file; nothing may follow.
  void finish();

 private:
  static constexpr std::size_t kFlushBytes = std::size_t{1} << 20;
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void flush();

  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace mrun::bench
