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
#include <string_view>

#include "base/result.hpp"
#include "os/mapped_file.hpp"
#include "table/table_format.hpp"
#include "table/table_node.hpp"

namespace mrun {

/// Any thread may call any member; cursors share it and it outlives them. Errors: Code::integrity
/// where the file is damaged (the message names it and the offset), what MappedFile::open says.
class TableReader {
 public:
  /// Code::input where the file is no table at all.
  static Result<std::unique_ptr<TableReader>> open(const std::string& path,
                                                   MappedFile::Reading reading);

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

  /// Reads all of the file: every node and block, its checksum, order, restarts, counts,
  /// separators, filters, and that nothing lies between them.
  Result<void> check_all() const;

 private:
  friend class TableCursor;
  friend class TableCheck;
  friend class TableCutter;

  /// Nodes whose checksum was found to hold, by offset: each slot of this remembers the last one.
  /// Relaxed: an offset guards no other data, for the mapped bytes are the same to all threads.
  class CheckedNodes {
   public:
    void resize(std::uint64_t nodes);
    bool has(std::uint64_t offset) const {
      return place(offset).load(std::memory_order_relaxed) == offset;
    }
    void add(std::uint64_t offset) { place(offset).store(offset, std::memory_order_relaxed); }

   private:
    std::atomic<std::uint64_t>& place(std::uint64_t offset) const;
    std::unique_ptr<std::atomic<std::uint64_t>[]> offsets_;
    std::uint64_t mask_ = 0;
  };

  explicit TableReader(std::shared_ptr<MappedFile> file) : file_(std::move(file)) {}
  Result<void> open_ends();

  /// `what` of the file at `offset` is damaged.
  Failure damaged(std::string_view what, std::uint64_t offset) const;
  /// Whether the child lies within the file, before the bounds.
  bool holds(const TableSlot& slot) const;
  /// The node of a slot, checked.
  Result<TableNode> node(const TableSlot& slot, bool is_leaf) const;
  /// The bytes of a block, checked.
  Result<const std::uint8_t*> block(const TableSlot& slot) const;
  /// The first key of a child `levels` of nodes above blocks (0: a block). `bytes` keeps it.
  Result<Slice> first_key_of(TableSlot slot, std::size_t levels, std::string& bytes) const;
  /// The child of a node whose children are `levels` above blocks in which the first pair that is
  /// not smaller than `key` lies, or in front of which.
  Result<std::size_t> child_for(const TableNode& node, std::size_t levels, Slice key,
                                std::uint64_t prefix) const;

  std::shared_ptr<MappedFile> file_;
  TableFooter footer_;
  TableNode root_;
  Slice first_key_, last_key_;
  mutable CheckedNodes checked_;
};

}  // namespace mrun
