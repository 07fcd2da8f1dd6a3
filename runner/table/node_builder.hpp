// NodeBuilder: one node of a table while its children are written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "table/table_format.hpp"

namespace mrun {

/// A child is opened with its separator, then closed with its slot. Keys are added to the node of
/// level 1 alone.
class NodeBuilder {
 public:
  void open_child(Slice separator, std::uint8_t flags);
  /// Sets what the separator decides, and keeps the rest.
  void close_child(const TableSlot& slot);
  void add_key(std::uint64_t hash) { hashes_.push_back(hash); }

  bool is_empty() const { return slots_.empty(); }
  /// Whether the next child belongs to another node. `plain_bytes`: of its pairs, where its
  /// children are blocks.
  bool is_full(std::uint64_t plain_bytes) const;

  /// Of the first child.
  Slice first_separator() const;
  std::uint8_t first_flags() const { return slots_.front().flags; }

  /// What `write` writes at most.
  std::size_t bytes_most() const;
  /// Writes the node that will stand at `offset` of the file, and returns its slot, but for the
  /// separator.
  TableSlot write(std::uint64_t offset, std::uint8_t* out) const;
  void clear();

 private:
  std::vector<TableSlot> slots_;
  std::string separators_;
  std::vector<std::uint64_t> hashes_;  // Of the keys that begin in it.
};

}  // namespace mrun
