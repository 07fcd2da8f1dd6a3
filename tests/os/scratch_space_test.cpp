// Files go to the folders in turn, and all of them together keep to the limit.
#include "os/scratch_space.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "support/files.hpp"

namespace mrun {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(ScratchSpace, TakesItsFoldersInTurn) {
  const test_support::TempFolder folder;
  const std::unique_ptr<Storage> storage = make_disk_storage();
  ScratchSpace scratch(*storage, {folder.path(), folder / "missing"});
  for (int i = 0; i < 6; ++i) EXPECT_EQ(bool(scratch.create()), i % 2 == 0) << i;
}

TEST(ScratchSpace, CountsWhatIsThereAtOnce) {
  const test_support::TempFolder folder;
  const std::unique_ptr<Storage> storage = make_disk_storage();
  ScratchSpace scratch(*storage, {folder.path()}, 100);
  auto one = *scratch.create();
  auto other = *scratch.create();
  const std::string sixty(60, 'x'), forty(40, 'y');
  ASSERT_TRUE(one->write_at(bytes_of(sixty), 0));
  ASSERT_TRUE(one->write_at(bytes_of(forty), 10)) << "what is overwritten counts once";
  EXPECT_EQ(scratch.used_bytes(), 60u);
  ASSERT_TRUE(other->write_at(bytes_of(forty), 0));
  const auto refused = other->write_at(bytes_of("z"), 40);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::limit);
  EXPECT_NE(refused.error().message.find("--tmp-limit"), std::string::npos);
  one.reset();
  EXPECT_TRUE(other->write_at(bytes_of("z"), 40));
  std::string back(41, ' ');
  ASSERT_TRUE(other->read_at(std::as_writable_bytes(std::span(back)), 0));
  EXPECT_EQ(back, forty + "z");
}

}  // namespace
}  // namespace mrun
