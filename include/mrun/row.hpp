// Row: the fields of a record by their numbers, of TSV or CSV.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "byte_bits.hpp"
#include "lines.hpp"
#include "types.hpp"

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
    size_ = 0;
    if (!record.empty() && record.back() == '\r') record.remove_suffix(1);
    const char* const end = record.data() + record.size();
    if (most == 0) return;
    quoted_ ? split_quoted(record.data(), end, most) : split_plain(record.data(), end, most);
  }

  /// Takes the first `most` fields of each line of `chunk` (or of the record that it is) and calls
  /// `use(line)`. Faster than `split` of one line after the other: newlines and separators are
  /// found together.
  template <typename Use>
  void each(const Chunk& chunk, std::size_t most, Use&& use) {
    const auto use_at = [&](std::string_view line) {
      chunk.is_at(line);
      use(line);
    };
    // A CR that separates is not told from one at a line's end there, nor a newline from that end.
    const bool is_plain = !quoted_ && separator_ != '\r' && separator_ != '\n';
    if (is_plain && !chunk.is_record && most != 0) return each_plain(chunk.text, most, use_at);
    for (const std::string_view line : lines{chunk}) {
      split(line, most);
      use_at(line);
    }
  }

  std::size_t size() const { return size_; }
  /// The field at `index`, from 0; empty where the record has fewer.
  std::string_view operator[](std::size_t index) const {
    return index < size_ ? fields_[index] : std::string_view();
  }

 private:
  // All that the loop over marks needs is local, and the line's own work is behind a call: it stays
  // in registers.
  template <typename Use>
  void each_plain(const std::string_view text, const std::size_t most, const Use& use) {
    const char separator = separator_;
    const char* const end = text.data() + text.size();
    const char* field = text.data();
    std::size_t size = 0;
    bool has_most = false;  // The line's wanted fields have ended, but not the line.
    for (const char* block = field; block < end; block += 64) {
      const auto left = static_cast<std::size_t>(end - block);
      std::uint64_t newlines = detail::equal_bits(block, left, '\n');
      std::uint64_t separators = detail::equal_bits(block, left, separator);
      // Room for all that a block can end, and for the last field.
      if (fields_.size() < size + 65) fields_.resize(2 * size + 65);
      std::string_view* const fields = fields_.data();
      std::string_view* const fields_end = fields + std::min(most, fields_.size());
      std::string_view* next = fields + size;
      for (;;) {
        // What of the block lies before its next newline: all of it where there is none.
        const std::uint64_t before = (newlines - 1) & ~newlines;
        for (std::uint64_t marks = has_most ? 0 : separators & before; marks != 0;
             marks &= marks - 1) {
          const char* const stop = block + static_cast<unsigned>(std::countr_zero(marks));
          *next++ = std::string_view(field, static_cast<std::size_t>(stop - field));
          field = stop + 1;
          if (next == fields_end) {
            has_most = true;
            break;
          }
        }
        if (newlines == 0) break;
        const char* const stop = block + static_cast<unsigned>(std::countr_zero(newlines));
        separators &= ~before;
        newlines &= newlines - 1;
        if (!has_most) *next++ = last_field(field, stop);
        end_line(static_cast<std::size_t>(next - fields), stop, use);
        next = fields;
        field = stop + 1;
        has_most = false;
      }
      size = static_cast<std::size_t>(next - fields);
    }
    if (field == end && size == 0) return;  // The last line has its newline.
    if (!has_most) fields_[size++] = last_field(field, end);
    end_line(size, end, use);
  }
  static std::string_view last_field(const char* field, const char* stop) {
    const bool has_cr = stop != field && stop[-1] == '\r';
    return {field, static_cast<std::size_t>(stop - field) - (has_cr ? 1u : 0u)};
  }
  template <typename Use>
  [[gnu::noinline]] void end_line(std::size_t size, const char* stop, const Use& use) {
    size_ = size;
    const char* const line = fields_.front().data();
    use(std::string_view(line, static_cast<std::size_t>(stop - line)));
  }

  /// Separators are found 64 bytes at a time.
  void split_plain(const char* at, const char* end, std::size_t most) {
    for (const char* block = at; block < end; block += 64) {
      std::uint64_t marks =
          detail::equal_bits(block, static_cast<std::size_t>(end - block), separator_);
      // Room for all that a block can end, and for the last field.
      if (fields_.size() < size_ + 65) fields_.resize(2 * size_ + 65);
      for (; marks != 0; marks &= marks - 1) {
        const char* const stop = block + std::countr_zero(marks);
        fields_[size_++] = std::string_view(at, static_cast<std::size_t>(stop - at));
        if (size_ == most) return;
        at = stop + 1;
      }
    }
    add(std::string_view(at, static_cast<std::size_t>(end - at)));
  }

  void split_quoted(const char* at, const char* end, std::size_t most) {
    unescaped_.clear();
    // Room for all of it at once, so that views into it stay.
    if (unescaped_.capacity() < static_cast<std::size_t>(end - at))
      unescaped_.reserve(static_cast<std::size_t>(end - at));
    while (size_ < most) {
      if (at != end && *at == '"') {
        at = take_quoted(at + 1, end);
      } else {
        const void* const found =
            at == end ? nullptr : std::memchr(at, separator_, static_cast<std::size_t>(end - at));
        const char* const stop = found != nullptr ? static_cast<const char*>(found) : end;
        add(std::string_view(at, static_cast<std::size_t>(stop - at)));
        at = stop;
      }
      if (at == end) return;
      ++at;
    }
  }

  void add(std::string_view field) {
    if (size_ == fields_.size()) fields_.resize(2 * size_ + 1);
    fields_[size_++] = field;
  }

  /// Takes the field whose opening quote lies before `at`; returns the end of the field.
  const char* take_quoted(const char* at, const char* end) {
    const std::size_t begin = unescaped_.size();
    for (; at != end; ++at) {
      if (*at == '"' && (++at == end || *at != '"')) break;  // Two stand for one.
      unescaped_.push_back(*at);
    }
    // What follows the closing quote belongs to the field, as it is.
    for (; at != end && *at != separator_; ++at) unescaped_.push_back(*at);
    add(std::string_view(unescaped_).substr(begin));
    return at;
  }

  char separator_;
  bool quoted_;
  std::vector<std::string_view> fields_;  // The first `size_` are those of the record.
  std::size_t size_ = 0;
  std::string unescaped_;
};

}  // namespace mrun
