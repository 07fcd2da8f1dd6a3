// Rows: a list that reduce fills and reads as often as it likes, however long it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "fail.hpp"
#include "plugin.h"

namespace mrun {

/// A reduce that takes `mrun::Rows&` gets one, empty at each group. mrun charges the rows to its
/// memory budget and keeps on disk what does not fit, so a key may have any number of them.
///
///   rows.append(value);
///   for (std::string_view row : rows) ...   // from the first one, each time
class Rows {
 public:
  explicit Rows(detail::Session& session) : session_(&session) {}
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  /// A view of a row lives until the next one is taken.
  class iterator {
   public:
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;

    explicit iterator(Rows& rows) : rows_(&rows) { ++*this; }
    std::string_view operator*() const { return row_; }
    iterator& operator++() {
      has_ = rows_->next(row_);
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !has_; }

   private:
    Rows* rows_;
    std::string_view row_;
    bool has_ = false;
  };

  void append(std::string_view row) {
    session_->check(
        table().append(&table(), {reinterpret_cast<const std::uint8_t*>(row.data()), row.size()}));
    ++size_;
  }
  /// One loop at a time: a second one begins anew.
  iterator begin() {
    session_->check(table().rewind(&table()));
    return iterator(*this);
  }
  std::default_sentinel_t end() const { return {}; }
  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() {
    if (size_ != 0) session_->check(table().clear(&table()));
    size_ = 0;
  }

 private:
  mrun_rows& table() const { return *session_->ctx->rows; }
  bool next(std::string_view& row) {
    mrun_slice bytes{};
    std::uint32_t has = 0;
    session_->check(table().next(&table(), &bytes, &has));
    row = {reinterpret_cast<const char*>(bytes.data), static_cast<std::size_t>(bytes.size)};
    return has != 0;
  }

  detail::Session* session_;
  std::uint64_t size_ = 0;
};

}  // namespace mrun
