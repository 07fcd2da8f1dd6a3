// WordOptions: the parameters that say what a word is, for jobs about words.
#pragma once

#include <mrun/mrun.hpp>
#include <string>
#include <string_view>

/// A member of a job. One thread at a time.
class WordOptions {
 public:
  /// Calls `take` with each word of `text`; the view lives for the call.
  template <typename Take>
  void each_word(std::string_view text, Take&& take) {
    if (*letters_)
      each_of(mrun::letter_words{text}, take);
    else
      each_of(mrun::words{text}, take);
  }

 private:
  template <typename Words, typename Take>
  void each_of(const Words& words, Take& take) {
    if (*lower_)
      for (const std::string_view word : words) take(lowered(word));
    else
      for (const std::string_view word : words) take(word);
  }

  std::string_view lowered(std::string_view word) {
    text_.assign(word);
    for (char& c : text_)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return text_;
  }

  mrun::Param<bool> lower_{"lower", "false", "take words in lower case (ASCII)"};
  mrun::Param<bool> letters_{
      "letters", "false",
      "words are runs of letters and digits; bytes past ASCII count as letters"};
  std::string text_;
};
