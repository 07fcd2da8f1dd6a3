#include "cli/option_values.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/escape_text.hpp"

namespace mrun {

Failure bad_option(std::string_view option, std::string_view text, std::string_view wanted) {
  return fail(Code::usage,
              fmt::format("{} is '{}', and must be {}", option, excerpt_text(text), wanted));
}

Failure bad_choice(std::string_view option, std::string_view text,
                   const std::vector<std::string_view>& words) {
  std::string wanted;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) wanted += i + 1 == words.size() ? " or " : ", ";
    wanted += words[i];
  }
  return bad_option(option, text, wanted);
}

Failure at_option(std::string_view option, Error error) {
  error.message = fmt::format("{}: {}", option, error.message);
  return Failure{std::move(error)};
}

}  // namespace mrun
