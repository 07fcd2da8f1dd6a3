// No truncation and no changed bit of a table passes: opening it or reading all of it says where.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "base/hash.hpp"
#include "support/files.hpp"
#include "table/table_cursor.hpp"
#include "table/tables.hpp"

namespace mrun {
namespace {

using test_support::make_table;
using test_support::TablePair;
using test_support::TempFolder;

/// Pairs for several blocks, one of them large and one that goes on, small enough to try each bit.
std::vector<TablePair> few_pairs() {
  std::vector<TablePair> pairs;
  for (int i = 100; i < 140; ++i)
    pairs.push_back({"key-" + std::to_string(i), "value " + std::to_string(i * i)});
  pairs.push_back({"large", std::string(33'000, 'x')});
  pairs.push_back({"large", "small"});
  pairs.push_back({"none", std::nullopt});
  return pairs;
}

/// Opens the table and walks it to its end with a cursor; the first error.
Result<void> read_all(const std::string& path) {
  MRUN_TRY_ASSIGN(const std::unique_ptr<TableReader> table,
                  TableReader::open(path, MappedFile::Reading::often));
  TableCursor cursor(*table);
  MRUN_TRY(cursor.seek_to_first());
  while (cursor.valid()) MRUN_TRY(cursor.next());
  return table->check_all();
}

/// `what`: for the message of a failure.
void expect_damage(const std::string& path, bool begins_as_table, std::size_t what) {
  const Result<void> read = read_all(path);
  ASSERT_FALSE(read) << "at " << what;
  // Where the begin is no table's, that is all that is known.
  ASSERT_EQ(read.error().code, begins_as_table ? Code::integrity : Code::input)
      << read.error().message;
  ASSERT_NE(read.error().message.find(path), std::string::npos);
  if (begins_as_table) {
    ASSERT_NE(read.error().message.find("at offset"), std::string::npos) << read.error().message;
  }
}

/// With blocks compressed by either library.
class TableDamage : public testing::TestWithParam<TableCodec> {
 protected:
  TableDamage() : table_(*make_table(few_pairs(), {GetParam()})) {
    const std::string raw = *make_table(few_pairs(), {TableCodec::none});
    EXPECT_LT(table_.size() + 100, raw.size()) << "no block is compressed";
  }

  const TempFolder folder_;
  const std::string table_;
};

TEST_P(TableDamage, EveryTruncationIsFound) {
  for (std::size_t size = 0; size < table_.size();
       size += size < 33'000 && size > 1'000 ? 509 : 1) {
    test_support::write_file(folder_ / "table", table_.substr(0, size));
    ASSERT_NO_FATAL_FAILURE(expect_damage(folder_ / "table", size >= 8, size));
  }
  test_support::write_file(folder_ / "table", table_ + "x");
  ASSERT_NO_FATAL_FAILURE(expect_damage(folder_ / "table", true, table_.size()));
}

TEST_P(TableDamage, EveryChangedBitIsFound) {
  // The large value is a few thousand times the same case: bits of it are tried here and there.
  test_support::write_file(folder_ / "table", table_);
  std::fstream file(folder_ / "table", std::ios::in | std::ios::out | std::ios::binary);
  const std::size_t large = table_.find(std::string(1000, 'x'));
  for (std::size_t byte = 0; byte < table_.size(); ++byte) {
    if (byte > large + 50 && byte < large + 32'950 && byte % 509 != 0) continue;
    for (int bit = 0; bit <= 8; ++bit) {
      // The last turn puts the byte back.
      const char damaged = static_cast<char>(table_[byte] ^ (bit < 8 ? 1 << bit : 0));
      file.seekp(static_cast<std::streamoff>(byte)).put(damaged).flush();
      if (bit == 8) continue;
      ASSERT_NO_FATAL_FAILURE(expect_damage(folder_ / "table", byte >= 8, byte));
    }
  }
  const Result<void> read = read_all(folder_ / "table");
  EXPECT_TRUE(read) << read.error().message;
}

INSTANTIATE_TEST_SUITE_P(Of, TableDamage, testing::Values(TableCodec::lz4, TableCodec::zstd),
                         [](const auto& test) {
                           return std::string(test.param == TableCodec::lz4 ? "Lz4" : "Zstd");
                         });

/// A table of one block whose checksums hold whatever was done to it.
class ForgedTable : public testing::Test {
 protected:
  ForgedTable() : bytes_(*make_table(few(), {TableCodec::none})) {}

  static std::vector<TablePair> few() {
    std::vector<TablePair> pairs;
    for (int i = 100; i < 140; ++i) pairs.push_back({"key-" + std::to_string(i), "value"});
    return pairs;
  }
  std::uint8_t* at(std::uint64_t offset) {
    return reinterpret_cast<std::uint8_t*>(bytes_.data()) + offset;
  }
  std::uint8_t* footer() { return at(bytes_.size() - kTableFooterBytes); }
  std::uint8_t* block_slot() {
    const TableSlot root = decode_slot(footer());
    return at(root.offset + -root.offset % kFilterLineBytes + root.lines * kFilterLineBytes);
  }
  /// Writes and opens it; its block is as `slot` says.
  std::unique_ptr<TableReader> open(const TableSlot& slot) {
    encode_slot(slot, block_slot());
    TableSlot root = decode_slot(footer());
    root.checksum = hash64(at(root.offset), root.stored_bytes);
    encode_slot(root, footer());
    const std::uint64_t checksum = hash64(footer(), 144);
    std::memcpy(footer() + 144, &checksum, sizeof checksum);
    test_support::write_file(folder_ / "table", bytes_);
    return *TableReader::open(folder_ / "table", MappedFile::Reading::often);
  }

  const TempFolder folder_;
  std::string bytes_;
};

TEST_F(ForgedTable, WithABlockAtItsBeginIsDamaged) {
  TableSlot slot = decode_slot(block_slot());
  slot.offset = 0;
  const auto table = open(slot);
  TableCursor cursor(*table);
  EXPECT_EQ(cursor.seek_to_first().error().code, Code::integrity);
  EXPECT_EQ(cursor.seek_to_last().error().code, Code::integrity);
  EXPECT_EQ(cursor.seek(test_support::slice_of("key-120")).error().code, Code::integrity);
}

TEST_F(ForgedTable, WithARestartInAnotherPlaceIsDamaged) {
  TableSlot slot = decode_slot(block_slot());
  // Of three restarts, the second one.
  std::memset(at(slot.offset + slot.stored_bytes - 12), 0, 4);
  slot.checksum = hash64(at(slot.offset), slot.stored_bytes);
  const Result<void> checked = open(slot)->check_all();
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("restarts are not where they should be"),
            std::string::npos)
      << checked.error().message;
}

}  // namespace
}  // namespace mrun
