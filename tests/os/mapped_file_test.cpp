// Mapped files: readable beyond their end, and no death when the file is cut meanwhile.
#include "os/mapped_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "os/machine.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::write_file;

class MappedFileTest : public testing::Test {
 protected:
  std::shared_ptr<MappedFile> map(const std::string& bytes) {
    write_file(path_, bytes);
    Result<std::shared_ptr<MappedFile>> mapped = MappedFile::open(path_, MappedFile::Reading::once);
    EXPECT_TRUE(mapped) << mapped.error().message;
    return *mapped;
  }
  static std::uint8_t read(const MappedFile& file, std::size_t offset) {
    return *const_cast<const volatile std::uint8_t*>(file.data() + offset);
  }

  test_support::TempFolder folder_;
  const std::string path_ = folder_ / "file";
};

TEST_F(MappedFileTest, HoldsTheFileAndReadableBytesAfterIt) {
  const std::size_t page = page_bytes();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, page - 64, page - 1, page, page + 1, 3 * page}) {
    const std::string bytes(size, 'x');
    const std::shared_ptr<MappedFile> file = map(bytes);
    ASSERT_EQ(file->size(), size);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(file->data()), size), bytes);
    for (std::size_t i = 0; i < MappedFile::kReadableAfterEnd; ++i)
      EXPECT_EQ(read(*file, size + i), 0);
    EXPECT_FALSE(file->damaged());
    file->will_need(0, size);
    file->will_need(size + 100, 1);
  }
}

TEST_F(MappedFileTest, SurvivesATruncatedFileAndSaysSo) {
  const std::size_t page = page_bytes();
  const std::shared_ptr<MappedFile> file = map(std::string(10 * page, 'x'));
  std::filesystem::resize_file(path_, 3 * page);
  EXPECT_EQ(read(*file, 2 * page), 'x');
  EXPECT_FALSE(file->damaged());
  EXPECT_EQ(read(*file, 5 * page + 7), 0);
  EXPECT_TRUE(file->damaged());
  EXPECT_EQ(read(*file, 9 * page), 0);
  EXPECT_EQ(read(*file, 0), 'x');
  EXPECT_EQ(read(*file, 10 * page + 63), 0);
}

TEST_F(MappedFileTest, BlamesTheFileThatWasCutAmongMany) {
  // More than one block of the handler's table, with ranges that have come and gone in between.
  std::vector<std::shared_ptr<MappedFile>> files;
  for (int i = 0; i < 700; ++i) {
    const std::string path = folder_ / ("file" + std::to_string(i));
    write_file(path, std::string(page_bytes(), 'x'));
    files.push_back(*MappedFile::open(path, MappedFile::Reading::once));
    if (i % 3 == 0) files[static_cast<std::size_t>(i) / 2].reset();
  }
  std::filesystem::resize_file(folder_ / "file699", 0);
  EXPECT_EQ(read(*files[699], 0), 0);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const bool is_damaged = files[i] != nullptr && files[i]->damaged();
    EXPECT_EQ(is_damaged, i == 699) << i;
  }
}

TEST_F(MappedFileTest, SurvivesTruncationUnderManyReaders) {
  const std::size_t page = page_bytes();
  for (int round = 0; round < 20; ++round) {
    const std::shared_ptr<MappedFile> file = map(std::string(64 * page, 'x'));
    std::atomic<bool> wrong{false};
    const auto reader = [&] {
      for (int pass = 0; pass < 50; ++pass)
        for (std::size_t i = 0; i < 64; ++i)
          // A zero that was read must be known as damage right after.
          if (read(*file, i * page) != 'x' && !file->damaged()) wrong = true;
    };
    std::thread one(reader), other(reader);
    std::filesystem::resize_file(path_, page);
    one.join();
    other.join();
    EXPECT_FALSE(wrong);
    EXPECT_EQ(read(*file, 63 * page), 0);
    EXPECT_TRUE(file->damaged());
  }
}

/// Under a sanitizer the handler that was there before is the sanitizer's, which exits with a
/// report.
bool died_of_bus_error(int status) {
  return WIFSIGNALED(status) ? WTERMSIG(status) == SIGBUS : WEXITSTATUS(status) != 0;
}

// Without the fixture, whose folder a process that dies of a signal would leave behind.
TEST(MappedFileDeathTest, LeavesOtherBusErrorsDeadly) {
  const auto guarded = MappedFile::open("/proc/self/exe", MappedFile::Reading::once);
  ASSERT_TRUE(guarded) << "installs the handler";
  EXPECT_EXIT(
      {
        const int fd = ::memfd_create("foreign", 0);
        const volatile char* foreign =
            static_cast<const volatile char*>(::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0));
        static_cast<void>(foreign[0]);
      },
      died_of_bus_error, "");
  EXPECT_EXIT(::raise(SIGBUS), died_of_bus_error, "");
}

TEST_F(MappedFileTest, RefusesWhatIsNoRegularFile) {
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  for (const std::string& path : {folder_ / "missing", folder_.path(), folder_ / "fifo"}) {
    const auto file = MappedFile::open(path, MappedFile::Reading::once);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, Code::input);
    EXPECT_THAT(file.error().message, testing::HasSubstr(path));
  }
}

}  // namespace
}  // namespace mrun
