// TableReader: a table file (TABLE_FORMAT.md) opened for lookups. Cursors (table_cursor.hpp) walk
// it.
//
// The file is mapped. Opening it checks header, footer, bounds and the root node; every other node
// and block is checked against its checksum when it is first needed, so a damaged file is an error
// wherever it is damaged, and never a wrong answer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "os/mapped_file.hpp"
#include "table/table_format.hpp"

namespace mrun {

/// Any thread may call any member; cursors share it and it outlives them. Errors: Code::integrity
/// where the file is damaged (the message names it and the offset), what MappedFile::open says.
class TableReader {
 public:
  /// Code::input where the file is no table at all.
  static Result<std::unique_ptr<TableReader>> open(const std::string& path);

  std::uint64_t entries() const { return footer_.entries; }  ///< Pairs.
  std::uint64_t keys() const { return footer_.keys; }        ///< Different ones.
  std::uint64_t blocks() const { return footer_.blocks; }
  std::uint64_t raw_bytes() const { return footer_.raw_bytes; }  ///< Of the decoded blocks.
  std::uint64_t file_bytes() const { return file_->size(); }
  bool is_empty() const { return footer_.entries == 0; }
  const std::string& path() const { return file_->path(); }

  /// Of a table that is not empty. They live as long as the reader.
  Slice first_key() const { return first_key_; }
  Slice last_key() const { return last_key_; }

  /// Whether the table may hold `key`: false is certain, true wrong for less than 1 % of the keys
  /// that it does not hold. Reads no block, except where separators are cut (keys that have more
  /// than 1024 bytes in common).
  Result<bool> may_hold(Slice key) const;

  /// How many pairs have a key smaller than `key`. Reads one block at most (as above). The number
  /// of pairs in [a, b) is rank(b) - rank(a).
  Result<std::uint64_t> rank(Slice key) const;

  /// Reads all of the file: every node and block, its checksum, order, counts, and that nothing
  /// lies between them.
  Result<void> check_all() const;

 private:
  friend class TableCursor;
  friend class TableNode;
  explicit TableReader(std::shared_ptr<MappedFile> file) : file_(std::move(file)) {}

  std::shared_ptr<MappedFile> file_;
  TableFooter footer_;
  Slice first_key_, last_key_;
};

}  // namespace mrun
