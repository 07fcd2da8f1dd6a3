// Slots and footers read back, and the example of TABLE_FORMAT.md is what is written.
#include "table/table_format.hpp"

#include <gtest/gtest.h>

#include <array>

namespace mrun {
namespace {

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
