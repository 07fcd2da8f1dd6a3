#include "query/record_printer.hpp"

#include <algorithm>
#include <utility>

namespace mrun {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{128} << 10;
/// A larger record is written in pieces.
constexpr std::size_t kRecordBytesMost = kBufferBytes / 2;

Failure malformed(Slice key, Slice value) {
  Failure failure = PairFormatter::malformed(key, value);
  failure.error.code = Code::integrity;
  failure.error.message = "a pair of the output does not have the types in its manifest: " +
                          failure.error.message.substr(failure.error.message.find("key of"));
  failure.error.hint = "run the job again";
  return failure;
}

}  // namespace

RecordPrinter::RecordPrinter(const JobSpec& spec, std::span<const std::string> file_names,
                             Write write)
    : formatter_(spec, file_names), write_(std::move(write)), buffer_(kBufferBytes) {}

Result<bool> RecordPrinter::print(Slice key, Slice value) {
  const std::size_t most = formatter_.bytes_max(key.size, value.size);
  if (most > buffer_.size() - used_) {
    if (most > kRecordBytesMost) return print_large(key, value);
    MRUN_TRY_ASSIGN(const bool goes_on, flush());
    if (!goes_on) return false;
  }
  std::uint8_t* const begin = buffer_.data() + used_;
  const std::uint8_t* const end = formatter_.write(begin, key, value);
  if (end == nullptr) return malformed(key, value);
  used_ += static_cast<std::size_t>(end - begin);
  return true;
}

Result<bool> RecordPrinter::print_large(Slice key, Slice value) {
  MRUN_TRY_ASSIGN(bool goes_on, flush());
  Result<void> written;
  const bool is_formed = formatter_.write_pieces(key, value, [&](Slice piece) {
    // A record may have gigabytes.
    while (goes_on && written && piece.size > 0) {
      const std::size_t size = std::min<std::size_t>(piece.size, kBufferBytes);
      Result<bool> more = write_(piece.view().substr(0, size));
      if (!more)
        written = Failure{std::move(more).error()};
      else
        goes_on = *more;
      piece = {piece.data + size, piece.size - size};
    }
  });
  MRUN_TRY(written);
  if (!is_formed) return malformed(key, value);
  return goes_on;
}

Result<bool> RecordPrinter::print_text(std::string_view text) {
  if (text.size() > buffer_.size() - used_) {
    MRUN_TRY_ASSIGN(const bool goes_on, flush());
    if (!goes_on) return false;
    if (text.size() > buffer_.size()) return write_(text);
  }
  std::copy(text.begin(), text.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
  used_ += text.size();
  return true;
}

Result<bool> RecordPrinter::flush() {
  const std::size_t size = std::exchange(used_, 0);
  if (size == 0) return true;
  return write_({reinterpret_cast<const char*>(buffer_.data()), size});
}

Result<void> RecordPrinter::append_to(std::string& text, Slice key, Slice value) const {
  const std::size_t before = text.size();
  text.resize(before + formatter_.bytes_max(key.size, value.size));
  auto* const begin = reinterpret_cast<std::uint8_t*>(text.data() + before);
  const std::uint8_t* const end = formatter_.write(begin, key, value);
  if (end == nullptr) return malformed(key, value);
  text.resize(before + static_cast<std::size_t>(end - begin));
  return {};
}

}  // namespace mrun
