// KeyInput and read_keys: keys as they are typed, or as they come through the standard input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/stop_flag.hpp"
#include "os/input_stream.hpp"
#include "output/key_text.hpp"

namespace mrun {

/// The keys that `text` says: as it is printed or, where `is_hex`, its stored bytes.
Result<std::vector<KeyReader::Key>> read_keys(const KeyReader& reader, std::string_view text,
                                              bool is_hex);

/// The lines of the standard input. One thread; move-only.
class KeyInput {
 public:
  /// `stop` outlives it.
  static Result<KeyInput> open(const StopFlag& stop);

  /// The next line, without its end, valid until the next call; none at the end. Code::input for
  /// one longer than any key can be.
  Result<std::optional<std::string_view>> next();
  /// The error of the last line's key, with its place.
  Failure at_line(Error error) const;

 private:
  KeyInput(InputStream stream, const StopFlag& stop);
  Result<void> fill();

  InputStream stream_;
  const StopFlag* stop_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;  ///< Of what is read and not yet handed out.
  bool is_ended_ = false;
  std::uint64_t line_ = 0;
};

}  // namespace mrun
