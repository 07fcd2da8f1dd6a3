#include "cli/key_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace mrun {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;
/// A key has 1 MiB at most, so its hexadecimal digits have twice as much.
constexpr std::size_t kLineBytesMost = (std::size_t{2} << 20) + 2;

}  // namespace

Result<std::vector<KeyReader::Key>> read_keys(const KeyReader& reader, std::string_view text,
                                              bool is_hex) {
  if (!is_hex) return reader.read(text);
  MRUN_TRY_ASSIGN(std::string bytes, KeyReader::read_hex(text));
  return std::vector{KeyReader::Key{std::move(bytes), true, false}};
}

Result<KeyInput> KeyInput::open(const StopFlag& stop) {
  MRUN_TRY_ASSIGN(InputStream stream, InputStream::open("-"));
  return KeyInput(std::move(stream), stop);
}

KeyInput::KeyInput(InputStream stream, const StopFlag& stop)
    : stream_(std::move(stream)), stop_(&stop), buffer_(kReadBytes) {}

Result<std::optional<std::string_view>> KeyInput::next() {
  for (std::size_t seen = 0;;) {
    const char* const from = buffer_.data() + begin_ + seen;
    const void* const found = std::memchr(from, '\n', end_ - begin_ - seen);
    if (found != nullptr || is_ended_) {
      const std::size_t at =
          found != nullptr
              ? static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data())
              : end_;
      const std::string_view line(buffer_.data() + begin_, at - begin_);
      if (found == nullptr && line.empty()) return std::optional<std::string_view>();
      begin_ = found != nullptr ? at + 1 : at;
      ++line_;
      return std::optional(line);
    }
    seen = end_ - begin_;
    MRUN_TRY(fill());
  }
}

Result<void> KeyInput::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= std::exchange(begin_, 0);
  if (end_ > kLineBytesMost)
    return fail(
        Code::input,
        fmt::format("line {} of the standard input is longer than a key can be", line_ + 1));
  buffer_.resize(std::max(buffer_.size(), end_ + kReadBytes));
  const std::span<char> room(buffer_.data() + end_, kReadBytes);
  MRUN_TRY_ASSIGN(const std::size_t got, stream_.read(std::as_writable_bytes(room), *stop_));
  end_ += got;
  is_ended_ = got < room.size();
  return {};
}

Failure KeyInput::at_line(Error error) const {
  error.place = fmt::format("line {} of the standard input", line_);
  return Failure{std::move(error)};
}

}  // namespace mrun
