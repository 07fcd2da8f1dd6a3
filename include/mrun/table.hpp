// Reading tables (mrun/table.h) from C++: the same as classes, with exceptions.
//
//   mrun::table::Output counts("counts");          // what `mrun … counts --output-format table`
//   made for (std::string_view value : counts.values("word")) …
#pragma once

#include <mrun/table.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace mrun::table {

/// Thrown where a table cannot be opened or is damaged: `what()` names file and offset.
class Error : public std::runtime_error {
 public:
  explicit Error(int code) : std::runtime_error(mrun_table_error()), code_(code) {}
  /// One of mrun_table_failure.
  int code() const { return code_; }

 private:
  int code_;
};

namespace detail {

inline int checked(int result) {
  if (result < 0) throw Error(result);
  return result;
}
inline std::string_view view(mrun_table_bytes bytes) {
  return {static_cast<const char*>(bytes.data), bytes.size};
}

}  // namespace detail

/// One table file. Move-only; its cursors must not outlive it. Any thread may call any member.
class Table {
 public:
  explicit Table(const std::filesystem::path& path) {
    mrun_table* table = nullptr;
    detail::checked(mrun_table_open(path.c_str(), &table));
    table_.reset(table);
  }

  std::uint64_t pair_count() const { return mrun_table_pair_count(get()); }
  std::uint64_t key_count() const { return mrun_table_key_count(get()); }
  bool empty() const { return pair_count() == 0; }
  std::string_view first_key() const { return detail::view(mrun_table_first_key(get())); }
  std::string_view last_key() const { return detail::view(mrun_table_last_key(get())); }

  /// False is certain; true is wrong for less than 1 % of other keys.
  bool may_hold(std::string_view key) const {
    return detail::checked(mrun_table_may_hold(get(), key.data(), key.size())) != 0;
  }
  /// Pairs with a smaller key.
  std::uint64_t rank(std::string_view key) const {
    std::uint64_t pairs = 0;
    detail::checked(mrun_table_rank(get(), key.data(), key.size(), &pairs));
    return pairs;
  }
  /// Reads and checks the whole file.
  void check() const { detail::checked(mrun_table_check(get())); }

  mrun_table* get() const { return table_.get(); }

 private:
  struct Close {
    void operator()(mrun_table* table) const { mrun_table_close(table); }
  };
  std::unique_ptr<mrun_table, Close> table_;
};

/// A place in a table. Move-only; one thread at a time. Keys and values are views that die when it
/// moves.
class Cursor {
 public:
  /// At no pair.
  explicit Cursor(const Table& table) : cursor_(mrun_table_cursor_open(table.get())) {
    if (cursor_ == nullptr) throw Error(MRUN_TABLE_LIMIT);
  }

  /// All say whether the cursor is at a pair now.
  bool first() { return moved(mrun_table_first(get())); }
  bool last() { return moved(mrun_table_last(get())); }
  bool find(std::string_view key) { return moved(mrun_table_find(get(), key.data(), key.size())); }
  bool seek(std::string_view key) { return moved(mrun_table_seek(get(), key.data(), key.size())); }
  bool next() { return moved(mrun_table_next(get())); }
  bool previous() { return moved(mrun_table_previous(get())); }

  std::string_view key() const { return detail::view(mrun_table_key(get())); }
  /// Nothing where the pair has no value.
  std::optional<std::string_view> value() const {
    const mrun_table_bytes bytes = mrun_table_value(get());
    if (bytes.data == nullptr) return std::nullopt;
    return detail::view(bytes);
  }

 private:
  static bool moved(int result) { return detail::checked(result) != 0; }
  struct Close {
    void operator()(mrun_table_cursor* cursor) const { mrun_table_cursor_close(cursor); }
  };
  mrun_table_cursor* get() const { return cursor_.get(); }

  std::unique_ptr<mrun_table_cursor, Close> cursor_;
};

/// All tables of an output folder, in order.
class Output {
 public:
  /// Throws std::runtime_error where the folder is no finished output, Error where a part is no
  /// table.
  explicit Output(const std::filesystem::path& folder) {
    if (!std::filesystem::exists(folder / "_SUCCESS"))
      throw std::runtime_error("'" + folder.string() + "' is no finished output of mrun");
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().filename().string().rfind("part-", 0) == 0) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) tables_.emplace_back(path);
  }

  const std::vector<Table>& tables() const { return tables_; }

  /// Copies of the values of a key; those of pairs without one are empty. Asks each part's filter.
  std::vector<std::string> values(std::string_view key) const {
    std::vector<std::string> found;
    for (const Table& table : tables_) {
      Cursor cursor(table);
      for (bool more = cursor.find(key); more && cursor.key() == key; more = cursor.next())
        found.emplace_back(cursor.value().value_or(std::string_view()));
    }
    return found;
  }

 private:
  std::vector<Table> tables_;
};

}  // namespace mrun::table
