// GroupKey: several texts as one key whose bytes order as the texts do, one after the other.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Each text but the last one is written with 00 as 00 FF and ended by 00 01. One thread at a time.
class GroupKey {
 public:
  void begin() { bytes_.clear(); }
  void add(std::string_view text, bool is_last) {
    if (is_last) {
      bytes_.append(text);
      return;
    }
    for (const char c : text) {
      bytes_.push_back(c);
      if (c == '\0') bytes_.push_back('\xFF');
    }
    bytes_.append("\0\1", 2);
  }
  std::string_view bytes() const { return bytes_; }

  /// Makes `found` the `n` texts of a key; they live as long as the key and until the next call.
  void texts(std::string_view key, std::size_t n, std::vector<std::string_view>& found) {
    bytes_.clear();
    bytes_.reserve(key.size());
    found.clear();
    std::size_t begin = 0;
    for (std::size_t at = 0; at < key.size() && found.size() + 1 < n; ++at) {
      if (key[at] != '\0') {
        bytes_.push_back(key[at]);
      } else if (key[++at] == '\xFF') {
        bytes_.push_back('\0');
      } else {
        found.push_back(std::string_view(bytes_).substr(begin));
        begin = bytes_.size();
        if (found.size() + 1 == n) key.remove_prefix(at + 1);
      }
    }
    if (n > 0) found.push_back(key);
  }

 private:
  std::string bytes_;
};
