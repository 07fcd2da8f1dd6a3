// The value of an option as typed: one of a few words, or an error that says what it may be.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace mrun {

/// Code::usage: `text` is not a value of `option`, which must be `wanted`.
Failure bad_option(std::string_view option, std::string_view text, std::string_view wanted);

/// As `bad_option`, for an option whose value is one of `words`, named in their order.
Failure bad_choice(std::string_view option, std::string_view text,
                   const std::vector<std::string_view>& words);

/// The error of a value, with the option's name before it.
Failure at_option(std::string_view option, Error error);

template <typename T>
struct Choice {
  std::string_view word;
  T value;
};

/// The value of the choice that `text` is.
template <typename T>
Result<T> parse_choice(std::string_view option, std::string_view text,
                       std::initializer_list<Choice<T>> choices) {
  std::vector<std::string_view> words;
  for (const Choice<T>& choice : choices) {
    if (choice.word == text) return choice.value;
    words.push_back(choice.word);
  }
  return bad_choice(option, text, words);
}

}  // namespace mrun
