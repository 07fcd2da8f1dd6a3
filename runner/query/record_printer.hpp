// RecordPrinter: the pairs of a table as the records that its job would print of them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "output/text_format.hpp"

namespace mrun {

/// One thread at a time.
class RecordPrinter {
 public:
  /// Takes bytes that are printed. False: the reader has gone, and nothing more is of use.
  using Write = std::function<Result<bool>(std::string_view)>;

  /// `spec`: key and value types, what is written of a pair and its end. `file_names` outlive it.
  RecordPrinter(const JobSpec& spec, std::span<const std::string> file_names, Write write);

  /// Writes a record; it may stay in the buffer until `flush`. False as of Write. Code::integrity
  /// where key or value are not of the declared types.
  Result<bool> print(Slice key, Slice value);
  /// Writes text that is a record, or some of them, already.
  Result<bool> print_text(std::string_view text);
  Result<bool> flush();

  /// Appends the record to `text`. Errors as of `print`.
  Result<void> append_to(std::string& text, Slice key, Slice value) const;

 private:
  Result<bool> print_large(Slice key, Slice value);

  PairFormatter formatter_;
  Write write_;
  std::vector<std::uint8_t> buffer_;
  std::size_t used_ = 0;
};

}  // namespace mrun
