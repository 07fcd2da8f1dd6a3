// Questions about paths and folders.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "os/folder.hpp"
#include "os/path_info.hpp"
#include "os/read_file.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

using test_support::write_file;

class PathTest : public testing::Test {
 protected:
  std::string at(const std::string& name) const { return folder_.path() + "/" + name; }
  test_support::TempFolder folder_;
};

TEST_F(PathTest, InfoTellsKinds) {
  write_file(at("file"), "12345");
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  ASSERT_EQ(::symlink("file", at("link").c_str()), 0);
  ASSERT_EQ(::symlink("nowhere", at("dangling").c_str()), 0);
  const auto kind = [&](const std::string& name) { return path_info(at(name), Code::input)->kind; };
  EXPECT_EQ(kind("file"), PathKind::file);
  EXPECT_EQ(kind("."), PathKind::folder);
  EXPECT_EQ(kind("fifo"), PathKind::fifo);
  EXPECT_EQ(kind("link"), PathKind::file);
  EXPECT_EQ(kind("dangling"), PathKind::missing);
  EXPECT_EQ(kind("file/below"), PathKind::missing);
  EXPECT_EQ(link_info(at("link"), Code::input)->kind, PathKind::link);
  EXPECT_EQ(path_info("/dev/null", Code::input)->kind, PathKind::char_device);
  EXPECT_EQ(path_info(at("file"), Code::input)->size_bytes, 5u);
  EXPECT_TRUE(path_info(at("file"), Code::input)->same_inode(*path_info(at("link"), Code::input)));
  EXPECT_FALSE(PathInfo().same_inode(PathInfo()));
}

TEST_F(PathTest, InfoFailsUnderTheCodeOfItsCaller) {
  ASSERT_EQ(::symlink("self", at("self").c_str()), 0);
  const auto info = path_info(at("self"), Code::output);
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, Code::output);
}

TEST_F(PathTest, RealPathResolvesLinks) {
  write_file(at("sub/file"), "");
  ASSERT_EQ(::symlink("sub", at("link").c_str()), 0);
  EXPECT_EQ(*real_path(at("link/../link/file"), Code::input),
            std::filesystem::canonical(at("sub/file")).string());
  EXPECT_FALSE(real_path(at("none"), Code::input));
}

TEST_F(PathTest, MountPointsAndPseudoFilesAreKnown) {
  EXPECT_TRUE(*is_mount_point("/proc", Code::output));
  EXPECT_TRUE(*is_mount_point("/", Code::output));
  EXPECT_FALSE(*is_mount_point(folder_.path(), Code::output));
  EXPECT_FALSE(is_mount_point(at("none"), Code::output));
  EXPECT_TRUE(is_pseudo_file("/proc/self/status"));
  EXPECT_FALSE(is_pseudo_file(folder_.path()));
}

TEST_F(PathTest, FreeSpaceAndRightsAreTold) {
  EXPECT_GT(*free_disk_bytes(folder_.path(), Code::output), 0u);
  EXPECT_FALSE(free_disk_bytes(at("none"), Code::output));
  EXPECT_TRUE(is_writable_folder(folder_.path()));
  EXPECT_FALSE(is_writable_folder(at("none")));
  EXPECT_FALSE(is_writable_folder("/proc/self"));
  EXPECT_EQ(path_info(folder_.path(), Code::output)->user, effective_user());
}

TEST_F(PathTest, ListingIsSortedByBytesAndWhole) {
  for (const char* name : {"b", "a", "\xff", ".hidden", "B"}) write_file(at(name), "");
  ASSERT_EQ(::mkdir(at("folder").c_str(), 0700), 0);
  std::vector<std::string> names;
  const auto entries = list_folder(folder_.path(), Code::input);
  ASSERT_TRUE(entries);
  for (const FolderEntry& entry : *entries) {
    names.push_back(entry.name);
    EXPECT_TRUE(entry.kind == (entry.name == "folder" ? PathKind::folder : PathKind::file) ||
                entry.kind == PathKind::missing);
  }
  EXPECT_THAT(names, testing::ElementsAre(".hidden", "B", "a", "b", "folder", "\xff"));
  EXPECT_FALSE(*folder_is_empty(folder_.path(), Code::input));
  EXPECT_TRUE(*folder_is_empty(at("folder"), Code::input));
  EXPECT_FALSE(list_folder(at("a"), Code::input));
  EXPECT_FALSE(folder_is_empty(at("none"), Code::input));
}

TEST_F(PathTest, SmallFilesAreReadWhole) {
  const std::string text(100000, 'x');
  write_file(at("file"), text);
  EXPECT_EQ(*read_whole_file(at("file"), 100000, Code::output), text);
  EXPECT_FALSE(read_whole_file(at("file"), 99999, Code::output));
  EXPECT_NE(read_whole_file("/proc/self/status", 1 << 20, Code::output)->find("Name:"),
            std::string::npos);
  EXPECT_FALSE(read_whole_file(at("none"), 1, Code::output));
}

}  // namespace
}  // namespace mrun
