// TableOptions and Columns: the parameters that say how records hold fields, and the chosen fields.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <mrun/mrun.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "separator.hpp"

/// A member of a job.
class TableOptions {
 public:
  mrun::Row row() const { return mrun::Row(separator(), *format_ == "csv"); }
  /// What these parameters change of the job's shape.
  template <typename Job>
  void shape(mrun::Shape<Job>& shape) const {
    shape.header(*header_);
    if (*format_ == "csv") shape.records(records_.c_str());
  }
  bool has_header() const { return *header_; }
  char separator() const {
    const std::string& text = *separator_;
    if (text.empty()) return *format_ == "csv" ? ',' : '\t';
    const bool is_taken = text == "\n" || (text == "\"" && *format_ == "csv");
    if (const std::optional<char> parsed = parse_separator(text); parsed && !is_taken)
      return *parsed;
    mrun::fail("parameter separator: '" + text +
               "' is neither tab, comma, space nor one byte that has no other "
               "meaning");
  }

 private:
  mrun::Param<std::string> format_{
      "format", "tsv", "fields between TABs, or between commas and perhaps in quotes", "tsv|csv"};
  mrun::Param<std::string> separator_{"separator", "",
                                      "another separator: tab, comma, space, or one byte"};
  mrun::Param<bool> header_{"header", "false",
                            "the first record of each file names the fields, and is no row"};
  std::string records_ = std::string("csv:") + separator();
};

/// Fields chosen by number, from 1, or by their names in the header. One thread at a time.
class Columns {
 public:
  Columns(const TableOptions& options, std::vector<std::string> chosen)
      : row_(options.row()), chosen_(std::move(chosen)), indices_(chosen_.size()) {
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      const std::string& text = chosen_[i];
      const auto read = std::from_chars(text.data(), text.data() + text.size(), indices_[i]);
      const bool is_number = read.ec == std::errc{} && read.ptr == text.data() + text.size();
      if (!is_number && !options.has_header())
        mrun::fail("field '" + text + "' is no number, and names need -D header");
      if (is_number && indices_[i] == 0)
        mrun::fail("field '" + text + "' does not exist: fields are counted from 1");
      // A name that is a number, such as a year, goes before the number.
      by_name_ = by_name_ || options.has_header();
      if (is_number) --indices_[i];
    }
    fixed_ = indices_;
    count_fields();
  }

  /// One field, or none where the text is empty.
  static Columns optional(const TableOptions& options, const std::string& field) {
    return Columns(options, field.empty() ? std::vector<std::string>{} : std::vector{field});
  }

  /// Splits the records of a chunk, and calls `use(text, has_all)` for each. `has_all` is false
  /// where it lacks a chosen field; `missing` says which.
  template <typename Use>
  void each(const mrun::Chunk& chunk, Use&& use) {
    if (by_name_ && (!has_file_ || chunk.file != file_)) find_names(chunk);
    row_.each(chunk, needed_, [&](std::string_view text) { use(text, row_.size() >= needed_); });
  }
  std::string_view operator[](std::size_t i) const { return row_[indices_[i]]; }
  std::size_t size() const { return chosen_.size(); }
  /// Of the number that the field should be.
  std::string no_number(std::size_t i) const {
    return "field '" + chosen_[i] + "' is " + quoted(row_[indices_[i]]) +
           ", which is no number of up to 35 digits";
  }
  /// Of a record that lacks a field.
  std::string missing() const {
    return "it has " + std::to_string(row_.size()) + (row_.size() == 1 ? " field" : " fields") +
           ", and field " + std::to_string(needed_) + " is asked for";
  }

 private:
  /// As much of it as a message can bear.
  static std::string quoted(std::string_view text) {
    constexpr std::size_t kShown = 80;
    return "'" + std::string(text.substr(0, kShown)) + (text.size() > kShown ? "...'" : "'");
  }
  void find_names(const mrun::Chunk& chunk) {
    mrun::Row names = row_;
    names.split(chunk.header);
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      indices_[i] = fixed_[i];
      std::size_t at = 0;
      while (at < names.size() && names[at] != chosen_[i]) ++at;
      if (at < names.size())
        indices_[i] = at;
      else if (!std::all_of(chosen_[i].begin(), chosen_[i].end(),
                            [](char c) { return c >= '0' && c <= '9'; }))
        mrun::bad_record("its file has no field '" + chosen_[i] + "', the header is " +
                         quoted(chunk.header));
    }
    count_fields();
    file_ = chunk.file;
    has_file_ = true;
  }
  void count_fields() {
    needed_ = 0;
    for (const std::size_t index : indices_) needed_ = std::max(needed_, index + 1);
  }

  mrun::Row row_;
  std::vector<std::string> chosen_;
  std::vector<std::size_t> fixed_;    // by number
  std::vector<std::size_t> indices_;  // in the present file
  std::size_t needed_ = 0;
  bool by_name_ = false;
  bool has_file_ = false;
  mrun::File file_;
};
