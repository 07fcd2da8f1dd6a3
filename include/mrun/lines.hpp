// mrun::lines: the lines of a chunk, for a map that takes chunks and looks at single lines.
#pragma once

#include <cstdint>
#include <cstring>
#include <iterator>
#include <string_view>

#include "types.hpp"

namespace mrun {

/// The lines of a text, without their newlines; the last one may lack its own.
/// `for (auto line : mrun::lines{chunk})`. A chunk that is one record is one line; what goes wrong
/// is said to be the fault of the line at hand.
class lines {
 public:
  class iterator {
   public:
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;

    iterator(std::string_view text, bool is_one_line, const std::uint8_t** place)
        : at_(text.data()), end_(at_ + text.size()), place_(place) {
      if (is_one_line) {
        line_end_ = end_;
        done_ = false;
      } else {
        find_line();
      }
    }
    std::string_view operator*() const { return {at_, static_cast<std::size_t>(line_end_ - at_)}; }
    iterator& operator++() {
      at_ = line_end_ == end_ ? end_ : line_end_ + 1;
      find_line();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return done_; }

   private:
    void find_line() {
      done_ = at_ == end_;
      if (done_) return;
      if (place_ != nullptr) *place_ = reinterpret_cast<const std::uint8_t*>(at_);
      const void* const newline = std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_));
      line_end_ = newline != nullptr ? static_cast<const char*>(newline) : end_;
    }

    const char* at_;
    const char* end_;
    const char* line_end_ = nullptr;
    const std::uint8_t** place_;
    bool done_ = true;
  };

  explicit lines(std::string_view text) : text_(text) {}
  explicit lines(const Chunk& chunk)
      : text_(chunk.text), is_one_line_(chunk.is_record), place_(chunk.at) {}
  iterator begin() const { return {text_, is_one_line_, place_}; }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::string_view text_;
  bool is_one_line_ = false;
  const std::uint8_t** place_ = nullptr;
};

}  // namespace mrun
