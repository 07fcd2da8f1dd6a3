// The real disk: short and interrupted writes are invisible, errors say what and where.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/path_info.hpp"
#include "os/storage.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

using test_support::exists;
using test_support::names_in;
using test_support::read_file;
using test_support::write_file;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

template <typename T>
void expect_failure(const Result<T>& result, Code code, const std::string& part) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code);
  EXPECT_THAT(result.error().message, HasSubstr(part));
}

class DiskStorageTest : public testing::Test {
 protected:
  std::string at(const std::string& name) const { return folder_.path() + "/" + name; }

  test_support::TempFolder folder_;
  std::unique_ptr<Storage> storage_ = make_disk_storage();
};

TEST_F(DiskStorageTest, WritesAndReadsAtOffsets) {
  auto file = *storage_->create(at("file"));
  ASSERT_TRUE(file->write_at(bytes_of("world"), 6));
  ASSERT_TRUE(file->write_at(bytes_of("hello "), 0));
  std::string back(5, ' ');
  ASSERT_TRUE(file->read_at(std::as_writable_bytes(std::span(back)), 6));
  EXPECT_EQ(back, "world");
  file->start_writeback(0, 11);
  EXPECT_TRUE(file->sync());
  EXPECT_TRUE(file->close());
  EXPECT_EQ(read_file(at("file")), "hello world");
  EXPECT_EQ(file->name(), at("file"));
}

TEST_F(DiskStorageTest, DiscardsARangeAndNothingBesideIt) {
  constexpr std::size_t kBytes = std::size_t{1} << 20, kFrom = 1000, kTo = kBytes - 3000;
  auto file = *storage_->create(at("file"));
  ASSERT_TRUE(file->write_at(bytes_of(std::string(kBytes, 'x')), 0));
  ASSERT_TRUE(file->sync());
  const auto blocks = [&] {
    struct stat info {};
    EXPECT_EQ(::stat(at("file").c_str(), &info), 0);
    return info.st_blocks;
  };
  const auto before = blocks();
  ASSERT_TRUE(file->discard(kFrom, kTo - kFrom)) << "the folder of the tests knows no holes";
  EXPECT_LT(blocks(), before / 10);
  std::string expected(kBytes, 'x');
  std::fill(expected.begin() + kFrom, expected.begin() + kTo, '\0');
  EXPECT_TRUE(read_file(at("file")) == expected);
}

TEST_F(DiskStorageTest, RefusesToReadBeyondTheEnd) {
  auto file = *storage_->create(at("file"));
  ASSERT_TRUE(file->write_at(bytes_of("short"), 0));
  std::string back(10, ' ');
  expect_failure(file->read_at(std::as_writable_bytes(std::span(back)), 2), Code::integrity,
                 "ends at offset 5");
}

TEST_F(DiskStorageTest, CreatesOnlyNewFilesWithTheUmaskPermissions) {
  const mode_t before = ::umask(027);
  ASSERT_TRUE(storage_->create(at("file")));
  ::umask(before);
  EXPECT_EQ(path_info(at("file"), Code::output)->mode, 0640u);
  expect_failure(storage_->create(at("file")), Code::output, "File exists");
  ASSERT_EQ(::symlink("nowhere", at("link").c_str()), 0);
  expect_failure(storage_->create(at("link")), Code::output, "link");
  EXPECT_FALSE(exists(at("nowhere")));
}

TEST_F(DiskStorageTest, LeavesNoNameForScratchFiles) {
  auto file = *storage_->create_scratch(folder_.path());
  EXPECT_THAT(names_in(folder_.path()), IsEmpty());
  ASSERT_TRUE(file->write_at(bytes_of("spilled"), 0));
  std::string back(7, ' ');
  ASSERT_TRUE(file->read_at(std::as_writable_bytes(std::span(back)), 0));
  EXPECT_EQ(back, "spilled");
  expect_failure(storage_->create_scratch(at("missing")), Code::output, "missing");
}

TEST_F(DiskStorageTest, SaysWhereAFullDiskStopped) {
  // The limit of file sizes stands in for the disk's: the same call fails at the same place.
  const rlimit small{8192, RLIM_INFINITY};
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  auto file = *storage_->create(at("file"));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Result<void> written = file->write_at(bytes_of(std::string(10000, 'x')), 0);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  expect_failure(written, Code::output, "write at offset 8192 of '" + at("file") + "'");
  EXPECT_THAT(written.error().message, HasSubstr("File too large"));
}

TEST_F(DiskStorageTest, ReportsADeviceWithoutSpace) {
  // /dev/full cannot be created anew, so a scratch file's descriptor is pointed at it.
  auto file = *storage_->create(at("file"));
  const int full = ::open("/dev/full", O_RDWR);
  ASSERT_GE(full, 0);
  for (int fd = 3; fd < 256; ++fd) {
    const auto info = descriptor_info(fd, "", Code::output);
    if (info && info->same_inode(*path_info(at("file"), Code::output))) {
      ASSERT_EQ(::dup2(full, fd), fd);
    }
  }
  ::close(full);
  const Result<void> written = file->write_at(bytes_of("x"), 0);
  expect_failure(written, Code::output, "No space left on device");
  EXPECT_THAT(written.error().hint, HasSubstr("another disk"));
}

TEST_F(DiskStorageTest, MakesRenamesAndExchangesFolders) {
  ASSERT_TRUE(storage_->make_folder(at("one"), 0700));
  ASSERT_TRUE(storage_->make_folder(at("other"), 0700));
  ASSERT_TRUE(storage_->set_mode(at("one"), 0750));
  EXPECT_EQ(path_info(at("one"), Code::output)->mode, 0750u);
  write_file(at("one/a"), "1");
  ASSERT_TRUE(storage_->exchange(at("one"), at("other")));
  EXPECT_TRUE(exists(at("other/a")));
  ASSERT_TRUE(storage_->rename(at("other"), at("one")));
  EXPECT_TRUE(exists(at("one/a")));
  ASSERT_TRUE(storage_->sync_folder(at("one")));
  expect_failure(storage_->make_folder(at("one"), 0700), Code::output, "File exists");
  expect_failure(storage_->exchange(at("one"), at("none")), Code::output, "none");
  expect_failure(storage_->rename(at("none"), at("one")), Code::output, "none");
  expect_failure(storage_->sync_folder(at("none")), Code::output, "none");
}

TEST_F(DiskStorageTest, RenamesOntoAnEmptyFolderOnly) {
  write_file(at("staged/part"), "1");
  write_file(at("full/other"), "1");
  ASSERT_TRUE(storage_->make_folder(at("empty"), 0755));
  expect_failure(storage_->rename(at("staged"), at("full")), Code::output, "not empty");
  EXPECT_TRUE(storage_->rename(at("staged"), at("empty")));
  EXPECT_TRUE(exists(at("empty/part")));
}

TEST_F(DiskStorageTest, RemovesTreesWithoutFollowingLinks) {
  write_file(at("kept/file"), "1");
  write_file(at("tree/a/b/c"), "1");
  write_file(at("tree/.hidden"), "1");
  ASSERT_EQ(::symlink(at("kept").c_str(), at("tree/a/link").c_str()), 0);
  ASSERT_EQ(::symlink("nowhere", at("tree/dangling").c_str()), 0);
  ASSERT_EQ(::symlink(at("kept").c_str(), at("top").c_str()), 0);
  EXPECT_TRUE(storage_->remove_tree(at("tree/")));
  EXPECT_TRUE(storage_->remove_tree(at("top/")));
  EXPECT_THAT(names_in(folder_.path()), ElementsAre("kept"));
  EXPECT_TRUE(exists(at("kept/file")));
  EXPECT_TRUE(storage_->remove_tree(at("kept/file")));
  EXPECT_TRUE(storage_->remove_tree(at("missing")));
  EXPECT_TRUE(storage_->remove_tree(at("missing/below")));
}

TEST_F(DiskStorageTest, NamesWhatItCannotRemove) {
  write_file(at("tree/locked/file"), "1");
  ASSERT_EQ(::chmod(at("tree/locked").c_str(), 0555), 0);
  ASSERT_EQ(::chmod(at("tree").c_str(), 0777), 0);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0777), 0);
  // Root may remove everything, so root does not try.
  if (::geteuid() == 0) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const Result<void> removed = storage_->remove_tree(at("tree"));
  if (::getuid() == 0) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  ::chmod(at("tree/locked").c_str(), 0700);
  expect_failure(removed, Code::output, at("tree/locked/file"));
}

}  // namespace
}  // namespace mrun
