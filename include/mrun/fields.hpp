// Helpers that take a line apart: split2, fields, parse. A CR at a line's end is no
// part of it.
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>

namespace mrun {

/// The line without a CR at its end.
inline std::string_view trim_cr(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

struct Halves {
  std::string_view first;
  std::string_view second;
};

/// What lies before and behind the first `separator`; all of the line and nothing where there is
/// none.
inline Halves split2(std::string_view line, char separator = '\t') {
  line = trim_cr(line);
  const std::size_t at = line.find(separator);
  if (at == std::string_view::npos) return {line, line.substr(line.size())};
  return {line.substr(0, at), line.substr(at + 1)};
}

/// The fields of a line: n separators make n + 1 fields, which may be empty.
/// `for (auto field : mrun::fields{line})`
class fields {
 public:
  class iterator {
   public:
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;

    iterator(std::string_view line, char separator) : rest_(line), separator_(separator) { cut(); }
    std::string_view operator*() const { return rest_.substr(0, size_); }
    iterator& operator++() {
      if (size_ == rest_.size()) {
        done_ = true;
      } else {
        rest_.remove_prefix(size_ + 1);
        cut();
      }
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return done_; }

   private:
    void cut() {
      const std::size_t at = rest_.find(separator_);
      size_ = at == std::string_view::npos ? rest_.size() : at;
    }

    std::string_view rest_;
    std::size_t size_ = 0;
    char separator_;
    bool done_ = false;
  };

  explicit fields(std::string_view line, char separator = '\t')
      : line_(trim_cr(line)), separator_(separator) {}
  iterator begin() const { return {line_, separator_}; }
  std::default_sentinel_t end() const { return {}; }

  /// How many there are; walks the line.
  std::size_t size() const {
    return 1 + static_cast<std::size_t>(std::count(line_.begin(), line_.end(), separator_));
  }
  /// The field at `index`, from 0; empty where the line has fewer.
  std::string_view operator[](std::size_t index) const {
    for (const std::string_view field : *this)
      if (index-- == 0) return field;
    return {};
  }

 private:
  std::string_view line_;
  char separator_;
};

/// A field as a decimal number, without spaces; nothing where it is not one or does not fit.
template <typename T>
requires std::integral<T> || std::floating_point<T> std::optional<T> parse(std::string_view field) {
  T value{};
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size()) return std::nullopt;
  return value;
}

}  // namespace mrun
