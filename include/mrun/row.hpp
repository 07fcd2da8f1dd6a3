// Row: the fields of a record by their numbers, of TSV or CSV.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace mrun {

/// One thread at a time. A CR at the record's end is no part of the last field.
class Row {
 public:
  /// `quoted`: a field that begins with '"' ends with the next single '"', and may hold separators
  /// and newlines; a doubled '"' in it stands for one.
  explicit Row(char separator = '\t', bool quoted = false)
      : separator_(separator), quoted_(quoted) {}

  static Row csv(char separator = ',') { return Row(separator, true); }

  /// Takes the first `most` fields of `record`, which must outlive their use.
  void split(std::string_view record, std::size_t most = SIZE_MAX) {
    fields_.clear();
    unescaped_.clear();
    if (!record.empty() && record.back() == '\r') record.remove_suffix(1);
    // Room for all of it at once, so that views into it stay.
    if (quoted_ && unescaped_.capacity() < record.size()) unescaped_.reserve(record.size());
    const char* at = record.data();
    const char* const end = at + record.size();
    while (fields_.size() < most) {
      if (quoted_ && at != end && *at == '"') {
        at = take_quoted(at + 1, end);
      } else {
        const void* const found =
            at == end ? nullptr : std::memchr(at, separator_, static_cast<std::size_t>(end - at));
        const char* const stop = found != nullptr ? static_cast<const char*>(found) : end;
        fields_.emplace_back(at, static_cast<std::size_t>(stop - at));
        at = stop;
      }
      if (at == end) return;
      ++at;
    }
  }

  std::size_t size() const { return fields_.size(); }
  /// The field at `index`, from 0; empty where the record has fewer.
  std::string_view operator[](std::size_t index) const {
    return index < fields_.size() ? fields_[index] : std::string_view();
  }

 private:
  /// Takes the field whose opening quote lies before `at`; returns the end of the field.
  const char* take_quoted(const char* at, const char* end) {
    const std::size_t begin = unescaped_.size();
    for (; at != end; ++at) {
      if (*at == '"' && (++at == end || *at != '"')) break;  // Two stand for one.
      unescaped_.push_back(*at);
    }
    // What follows the closing quote belongs to the field, as it is.
    for (; at != end && *at != separator_; ++at) unescaped_.push_back(*at);
    fields_.push_back(std::string_view(unescaped_).substr(begin));
    return at;
  }

  char separator_;
  bool quoted_;
  std::vector<std::string_view> fields_;
  std::string unescaped_;
};

}  // namespace mrun
