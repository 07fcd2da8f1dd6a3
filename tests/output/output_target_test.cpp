// Every place where an output must not lie is refused, with the reason; all others are taken.
#include "output/output_target.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "output/sample_output.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

namespace fs = std::filesystem;
using test_support::TempFolder;
using test_support::write_file;

class OutputPlace : public ::testing::Test {
 protected:
  OutputPlace() : real_(fs::canonical(folder_.path()).string()) {}

  Result<OutputTarget> check(const std::string& output, bool overwrite = false) {
    return check_output(output, inputs_, overwrite);
  }
  void expect_refused(const std::string& output, const std::string& words, bool overwrite = false) {
    const Result<OutputTarget> target = check(output, overwrite);
    ASSERT_FALSE(target) << output;
    EXPECT_EQ(target.error().code, Code::output);
    EXPECT_NE(target.error().message.find(words), std::string::npos) << target.error().message;
  }
  void expect_taken(const std::string& output, const std::string& real) {
    const Result<OutputTarget> target = check(output);
    ASSERT_TRUE(target) << target.error().message;
    EXPECT_EQ(target->path(), real);
    EXPECT_FALSE(target->replaces);
  }

  TempFolder folder_;
  std::string real_;
  std::vector<std::string> inputs_;
};

TEST_F(OutputPlace, TakesWhatIsMissingOrAnEmptyFolder) {
  expect_taken(folder_ / "out", real_ + "/out");
  expect_taken(folder_ / "out///", real_ + "/out");
  fs::create_directory(folder_ / "empty");
  expect_taken(folder_ / "empty/", real_ + "/empty");
  expect_taken(folder_ / "empty/../empty/.", real_ + "/empty");
  fs::create_symlink("empty", folder_ / "link");
  expect_taken(folder_ / "link", real_ + "/empty");
}

TEST_F(OutputPlace, ResolvesRelativeNames) {
  const fs::path before = fs::current_path();
  fs::create_directory(folder_ / "sub");
  fs::current_path(folder_ / "sub");
  expect_taken("out", real_ + "/sub/out");
  expect_taken("../out", real_ + "/out");
  expect_refused(".", "current folder");
  fs::current_path(before);
}

TEST_F(OutputPlace, RefusesWhatExists) {
  write_file(folder_ / "file", "x");
  write_file(folder_ / "full/file", "x");
  fs::create_symlink("nowhere", folder_ / "dangling");
  expect_refused("", "empty name");
  expect_refused(folder_ / "file", "not a folder");
  expect_refused(folder_ / "file", "not a folder", true);
  expect_refused(folder_ / "full", "not empty");
  expect_refused(folder_ / "dangling", "leads nowhere");
  expect_refused("/", "root folder");
  expect_refused("/proc", "mount point");
}

TEST_F(OutputPlace, RefusesAMissingOrForbiddenParent) {
  write_file(folder_ / "file", "x");
  expect_refused(folder_ / "no/such/out", "/no/such', where the output should be, does not exist");
  EXPECT_EQ(check(folder_ / "no/such/out").error().hint,
            "make it first: mkdir -p '" + folder_ / "no/such" + "'");
  expect_refused(folder_ / "file/out", "is not a folder");
  expect_refused(folder_ / std::string(300, 'n'), "File name too long");

  fs::create_directory(folder_ / "closed");
  constexpr fs::perms kReadOnly{0555};
  fs::permissions(folder_ / "closed", kReadOnly);
  const bool is_root = ::geteuid() == 0;
  constexpr ::uid_t kNobody = 65534;
  ASSERT_EQ(is_root ? ::seteuid(kNobody) : 0, 0);
  expect_refused(folder_ / "closed/out", "no permission to write");
  ASSERT_EQ(is_root ? ::seteuid(0) : 0, 0);
}

TEST_F(OutputPlace, RefusesAnyOverlapWithTheInput) {
  write_file(folder_ / "in/file", "x");
  fs::create_directory(folder_ / "in/sub");
  fs::create_directory(folder_ / "inside");
  fs::create_symlink("in", folder_ / "link");
  inputs_ = {"-", folder_ / "missing", folder_ / "in"};
  expect_refused(folder_ / "in", "lies in");
  expect_refused(folder_ / "in/out", "lies in the input");
  expect_refused(folder_ / "in/sub", "lies in the input");
  expect_refused(folder_ / "link/out", "lies in the input");
  expect_refused(folder_.path(), "lies in the output");
  expect_taken(folder_ / "inside", real_ + "/inside");

  inputs_ = {folder_ / "in/file"};
  expect_refused(folder_ / "in", "lies in the output", true);
  expect_taken(folder_ / "in/out", real_ + "/in/out");
  inputs_ = {folder_ / "link"};
  expect_refused(folder_ / "in/out", "lies in the input");
  inputs_ = {"/"};
  expect_refused(folder_ / "out", "lies in the input");
}

TEST_F(OutputPlace, ReplacesOutputsOfMrunOnly) {
  const std::unique_ptr<Storage> storage = make_disk_storage();
  OutputRequest request;
  request.output = folder_ / "out";
  ASSERT_TRUE(make_output(*storage, request));
  expect_refused(folder_ / "out", "not empty");
  EXPECT_NE(check(folder_ / "out").error().hint.find("--overwrite"), std::string::npos);
  const Result<OutputTarget> target = check(folder_ / "out", true);
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_TRUE(target->replaces);

  write_file(folder_ / "other/_SUCCESS", "");
  write_file(folder_ / "plain/file", "");
  expect_refused(folder_ / "other", "not replaced", true);
  expect_refused(folder_ / "plain", "not replaced", true);
  EXPECT_EQ(check(folder_ / "plain").error().hint.find("--overwrite"), std::string::npos);
}

}  // namespace
}  // namespace mrun
