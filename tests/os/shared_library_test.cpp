// Shared libraries: looked at first, loaded once, refused when they change in between.
#include "os/shared_library.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/files.hpp"

namespace mrun {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kMaxBytes = std::size_t{1} << 24;

template <typename T>
void expect_refused(const Result<T>& result, const std::string& why) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::plugin);
  EXPECT_THAT(result.error().message, HasSubstr(why));
}

class SharedLibraryTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::copy_file(ANSWER_LIBRARY, copy_); }

  test_support::TempFolder folder_;
  const std::string copy_ = folder_ / "answer.so";
};

TEST_F(SharedLibraryTest, LoadsAndFindsSymbols) {
  Result<SharedLibrary> library = SharedLibrary::open(copy_);
  ASSERT_TRUE(library);
  ASSERT_TRUE(library->load());
  const Result<void*> answer = library->symbol("mrun_test_answer");
  ASSERT_TRUE(answer);
  EXPECT_EQ(reinterpret_cast<int (*)()>(*answer)(), 42);
  expect_refused(library->symbol("mrun_test_no_answer"), "mrun_test_no_answer");
}

TEST_F(SharedLibraryTest, ReadsTheBytesItWillLoad) {
  const Result<SharedLibrary> library = SharedLibrary::open(copy_);
  ASSERT_TRUE(library);
  const auto bytes = library->read_bytes(kMaxBytes);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()),
            test_support::read_file(copy_));
  expect_refused(library->read_bytes(10), "larger than 10 B");
}

TEST_F(SharedLibraryTest, IsOpenedByItsRealPath) {
  ASSERT_EQ(::symlink(copy_.c_str(), (folder_ / "link.so").c_str()), 0);
  const Result<SharedLibrary> library = SharedLibrary::open(folder_ / "link.so");
  ASSERT_TRUE(library);
  EXPECT_EQ(library->real_path(), std::filesystem::canonical(copy_));
}

TEST_F(SharedLibraryTest, IsRefusedWhenReplacedBeforeItIsLoaded) {
  Result<SharedLibrary> library = SharedLibrary::open(copy_);
  ASSERT_TRUE(library);
  std::filesystem::copy_file(ANSWER_LIBRARY, folder_ / "other.so");
  std::filesystem::rename(folder_ / "other.so", copy_);
  expect_refused(library->load(), "changed or replaced");
}

TEST_F(SharedLibraryTest, IsRefusedWhenChangedBeforeItIsLoaded) {
  Result<SharedLibrary> library = SharedLibrary::open(copy_);
  ASSERT_TRUE(library);
  test_support::write_file(copy_, test_support::read_file(ANSWER_LIBRARY) + "more");
  expect_refused(library->load(), "changed or replaced");
}

TEST_F(SharedLibraryTest, RefusesWhatIsNoLibrary) {
  expect_refused(SharedLibrary::open(folder_ / "missing.so"), "No such file");
  expect_refused(SharedLibrary::open(folder_.path()), "not a regular file");
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  expect_refused(SharedLibrary::open(folder_ / "fifo"), "not a regular file");
  test_support::write_file(folder_ / "text.so", "no library");
  Result<SharedLibrary> text = SharedLibrary::open(folder_ / "text.so");
  ASSERT_TRUE(text);
  expect_refused(text->load(), "cannot load");
}

}  // namespace
}  // namespace mrun
