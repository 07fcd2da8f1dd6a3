// Console: where a command prints, so that tests can read what a user would see.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mrun {

struct Console {
  /// Writes results. False: the reader has gone, stop quietly.
  std::function<Result<bool>(std::string_view)> out;
  /// Writes messages; what cannot be written is lost. Any thread may call it.
  std::function<void(std::string_view)> err;
  /// Messages go to a terminal that can write over a line.
  bool err_is_live = false;
  /// Messages may bear colours.
  bool err_has_color = false;
  /// The width of that terminal now; none where it is no terminal.
  std::function<unsigned()> err_columns;
};

/// The standard streams of this process.
Console standard_console();

/// "mrun: error: MESSAGE" and, where they are known, "  at: PLACE" and "  hint: HINT". Control
/// characters are escaped.
void print_error(const Console& console, const Error& error);
/// "mrun: KIND: TEXT", escaped.
void print_note(const Console& console, std::string_view kind, std::string_view text);
/// Writes all of `text` to `out`. A reader that has gone is no error.
Result<void> print_text(const Console& console, std::string_view text);

}  // namespace mrun
