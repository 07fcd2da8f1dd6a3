// Slots and footers read back, and the examples of TABLE_FORMAT.md and KV_FORMAT.md are what is
// written and read.
#include "table/table_format.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>

#include "support/files.hpp"
#include "table/kv_format.hpp"
#include "table/kv_reader.hpp"
#include "table/table_cursor.hpp"
#include "table/tables.hpp"

namespace mrun {
namespace {

using test_support::make_table;
using test_support::pair_stream;
using test_support::slice_of;
using test_support::TablePair;
using test_support::TempFolder;

/// The bytes of a document's hex dump: lines of an offset of four digits, two blanks, and bytes.
std::string bytes_of_document(const std::string& name) {
  std::string bytes;
  const std::string page = test_support::read_file(MRUN_RUNNER_FOLDER "/table/" + name);
  for (std::size_t begin = 0; begin < page.size();) {
    const std::size_t end = page.find('\n', begin);
    const std::string line = page.substr(begin, end - begin);
    begin = end + 1;
    if (line.size() < 8 || line.find_first_not_of("0123456789abcdef") != 4 ||
        line.substr(4, 2) != "  ")
      continue;
    EXPECT_EQ(std::stoul(line.substr(0, 4), nullptr, 16), bytes.size()) << line;
    for (std::size_t at = 6; at + 2 <= line.size() && line[at] != ' '; at += 3)
      bytes += static_cast<char>(std::stoul(line.substr(at, 2), nullptr, 16));
  }
  return bytes;
}

std::string hex_dump(const std::string& bytes) {
  std::string dump;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (at % 16 == 0) dump += fmt::format("{:04x}  ", at);
    const bool last = at % 16 == 15 || at + 1 == bytes.size();
    dump += fmt::format("{:02x}{}", static_cast<unsigned char>(bytes[at]), last ? '\n' : ' ');
  }
  return dump;
}

TEST(TableFormat, IsWhatItsDocumentShows) {
  const std::vector<TablePair> pairs = {
      {"apple", "1"}, {"apricot", "22"}, {"pear", ""}, {"plum", std::nullopt}};
  const std::string documented = bytes_of_document("TABLE_FORMAT.md");
  EXPECT_EQ(hex_dump(*make_table(pairs)), hex_dump(documented));

  const TempFolder folder;
  test_support::write_file(folder / "table", documented);
  const auto table = TableReader::open(folder / "table", MappedFile::Reading::often);
  ASSERT_TRUE(table) << table.error().message;
  TableCursor cursor(**table);
  ASSERT_TRUE(*cursor.find(slice_of("apricot")));
  EXPECT_EQ(cursor.value().view(), "22");
}

/// What a part of the format kv holds.
std::string kv_bytes(const std::vector<TablePair>& pairs) {
  const auto text = [](const auto& bytes) {
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  std::string file = text(kv_header()) + pair_stream(pairs) + text(kv_end(pairs.size()));
  return file + text(kv_digest(digest128(std::as_bytes(std::span(file)))));
}

TEST(KvFormat, IsWhatItsDocumentShows) {
  const std::vector<TablePair> pairs = {{"a", std::string("\1\0\0\0\0\0\0\0", 8)},
                                        {"be", std::nullopt}};
  EXPECT_EQ(hex_dump(kv_bytes(pairs)), hex_dump(bytes_of_document("KV_FORMAT.md")));
}

/// Reads the file to its end; the first error.
Result<std::vector<TablePair>> read_kv(const std::string& path) {
  MRUN_TRY_ASSIGN(KvReader reader, KvReader::open(path));
  std::vector<TablePair> pairs;
  while (true) {
    MRUN_TRY_ASSIGN(const bool more, reader.next());
    if (!more) return pairs;
    TablePair& pair = pairs.emplace_back();
    pair.key = reader.key().view();
    if (reader.value().data != nullptr) pair.value = reader.value().view();
  }
}

TEST(KvFormat, ReadsBackAndFindsAllDamage) {
  const TempFolder folder;
  const std::string path = folder / "kv";
  std::vector<TablePair> pairs = {{"", ""}, {std::string(3, '\0'), std::nullopt}};
  for (int i = 0; i < 50; ++i)
    pairs.push_back({std::string(static_cast<std::size_t>(i * 7), 'k'),
                     std::string(static_cast<std::size_t>(i), 'v')});
  const std::string whole = kv_bytes(pairs);
  test_support::write_file(path, whole);
  const auto read = read_kv(path);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), pairs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    EXPECT_EQ((*read)[i].key, pairs[i].key);
    EXPECT_EQ((*read)[i].value, pairs[i].value);
  }
  const std::string few = kv_bytes({{"key", "value"}, {"other", std::nullopt}});
  for (std::size_t bit = 0; bit < 8 * few.size(); ++bit) {
    std::string damaged = few;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    test_support::write_file(path, damaged);
    const auto refused = read_kv(path);
    ASSERT_FALSE(refused) << bit;
    ASSERT_EQ(refused.error().code, bit < 64 ? Code::input : Code::integrity);
  }
  for (std::size_t size = 0; size < few.size(); ++size) {
    test_support::write_file(path, few.substr(0, size));
    ASSERT_FALSE(read_kv(path)) << size;
  }
}

TEST(TableFormat, SlotsAndFootersReadBack) {
  TableFooter footer;
  footer.root = {1, 2, 3, 4, 5, 6, 7, 8, TableCodec::zstd, 3, 9, 10};
  footer.entries = 11;
  footer.keys = 12;
  footer.blocks = 13;
  footer.nodes = 14;
  footer.raw_bytes = 15;
  footer.bounds_offset = 16;
  footer.first_key_bytes = 17;
  footer.last_key_bytes = 18;
  footer.bounds_checksum = 19;
  footer.levels = 20;
  std::array<std::byte, kTableFooterBytes> bytes;
  encode_table_footer(footer, bytes);
  EXPECT_EQ(decode_table_footer(bytes), footer);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= std::byte{1} << bit % 8;
    EXPECT_FALSE(decode_table_footer(bytes)) << bit;
    bytes[bit / 8] ^= std::byte{1} << bit % 8;
  }
}

}  // namespace
}  // namespace mrun
