// Rows come back as they were put aside, whether they fit the memory or not. Method: a vector of
// strings as the model, and shares of all sizes.
#include "reduce/row_buffer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::Random;
using test_support::TempFolder;

Slice slice_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void expect_rows(RowBuffer& buffer, const std::vector<std::string>& rows, std::size_t count) {
  buffer.rewind();
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = buffer.next();
    ASSERT_TRUE(row) << row.error().message;
    if (i == rows.size()) {
      ASSERT_FALSE(row->has_value());
      return;
    }
    ASSERT_TRUE(row->has_value()) << i;
    ASSERT_EQ((*row)->view(), rows[i]) << i;
  }
}

TEST(RowBuffer, GivesBackWhatWasPutAsideAsOftenAsAsked) {
  const TempFolder folder;
  const std::unique_ptr<Storage> storage = make_disk_storage();
  ScratchSpace scratch(*storage, {folder.path()});
  std::uint64_t spilled = 0, kept = 0;
  for (std::uint64_t index = 0; index < 100; ++index) {
    Random random(test_support::case_seed(index));
    SCOPED_TRACE(test_support::case_seed(index));
    const std::size_t share = random.between(64, 2000) << 10;
    RowBuffer buffer(share, scratch);
    for (int group = 0; group < 3; ++group) {
      std::vector<std::string> rows;
      const std::uint64_t longest = random.one_in(4) ? share / 3 - 100 : random.between(1, 2000);
      const std::uint64_t bytes = random.below(random.one_in(2) ? 4 * share : share / 4);
      for (std::uint64_t used = 0; used < bytes; used += rows.back().size() + 8) {
        rows.emplace_back(random.below(longest), static_cast<char>('a' + random.below(26)));
        const Result<void> appended = buffer.append(slice_of(rows.back()));
        ASSERT_TRUE(appended) << appended.error().message;
        // A row put aside in the middle of a reading is behind all others.
        if (random.one_in(500)) expect_rows(buffer, rows, random.below(rows.size() + 1));
      }
      for (int pass = 0; pass < 3; ++pass)
        ASSERT_NO_FATAL_FAILURE(expect_rows(buffer, rows, rows.size() + 1));
      buffer.clear();
      ASSERT_NO_FATAL_FAILURE(expect_rows(buffer, {}, 1));
    }
    (buffer.spilled_bytes() > 0 ? spilled : kept) += 1;
  }
  EXPECT_GT(spilled, 5u);
  EXPECT_GT(kept, 0u);
}

TEST(RowBuffer, RefusesARowThatCannotFit) {
  const TempFolder folder;
  const std::unique_ptr<Storage> storage = make_disk_storage();
  ScratchSpace scratch(*storage, {folder.path()});
  RowBuffer buffer(std::size_t{300} << 10, scratch);
  const Result<void> appended = buffer.append(slice_of(std::string(200 << 10, 'x')));
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, Code::limit);
}

}  // namespace
}  // namespace mrun
