// Printing: to the standard streams, in one form.
#include "cli/console.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <span>

#include "base/escape_text.hpp"
#include "os/standard_output.hpp"

namespace mrun {

Console standard_console() {
  Console console;
  console.out = [](std::string_view text) {
    return write_standard_output(std::as_bytes(std::span(text.data(), text.size())));
  };
  console.err = [](std::string_view text) {
    // One call, so that lines of several threads do not mix.
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
  };
  if (!stderr_is_terminal()) return console;
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string_view(value != nullptr ? value : "");
  };
  console.err_is_live = variable("TERM") != "dumb" && !variable("TERM").empty();
  console.err_has_color = console.err_is_live && variable("NO_COLOR").empty();
  console.err_columns = [] { return stderr_columns(); };
  return console;
}

void print_error(const Console& console, const Error& error) {
  std::string text = fmt::format("mrun: {}error:{} {}\n", console.err_has_color ? "\x1b[1;31m" : "",
                                 console.err_has_color ? "\x1b[m" : "", escape_text(error.message));
  if (!error.place.empty()) text += fmt::format("  at: {}\n", escape_text(error.place));
  if (!error.hint.empty()) text += fmt::format("  hint: {}\n", escape_text(error.hint));
  console.err(text);
}

void print_note(const Console& console, std::string_view kind, std::string_view text) {
  console.err(fmt::format("mrun: {}: {}\n", kind, escape_text(text)));
}

Result<void> print_text(const Console& console, std::string_view text) {
  Result<bool> written = console.out(text);
  if (!written) return Failure{std::move(written).error()};
  return {};
}

}  // namespace mrun
