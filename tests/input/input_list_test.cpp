// The input list: what is read, in which order, and what is refused.
#include "input/input_list.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "support/files.hpp"
#include "support/input_arguments.hpp"
#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::TempFolder;
using test_support::write_file;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<InputList> list(const std::vector<std::string>& arguments) {
  return list_inputs(test_support::input_arguments(arguments));
}

std::vector<std::string> names(const std::vector<std::string>& arguments) {
  const Result<InputList> inputs = list(arguments);
  EXPECT_TRUE(inputs) << inputs.error().message;
  std::vector<std::string> result;
  if (inputs)
    for (const InputFile& file : inputs->files) result.push_back(file.name);
  return result;
}

void expect_refused(const std::vector<std::string>& arguments, const std::string& path,
                    const std::string& why) {
  const Result<InputList> inputs = list(arguments);
  ASSERT_FALSE(inputs);
  EXPECT_EQ(inputs.error().code, Code::input);
  EXPECT_THAT(inputs.error().message, HasSubstr(path));
  EXPECT_THAT(inputs.error().message, HasSubstr(why));
}

/// Runs the rest of a scope as a user without root's rights: root may read everything.
class AsNobody {
 public:
  AsNobody() {
    if (::geteuid() == 0) {
      EXPECT_EQ(::seteuid(65534), 0);
    }
  }
  ~AsNobody() {
    if (::getuid() == 0) {
      EXPECT_EQ(::seteuid(0), 0);
    }
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
};

class InputListTest : public testing::Test {
 protected:
  std::string at(const std::string& name) const { return folder_.path() + "/" + name; }
  TempFolder folder_;
};

TEST_F(InputListTest, KeepsTheOrderOfArgumentsAndReadsAPathTwice) {
  write_file(at("b"), "1");
  write_file(at("a"), "2");
  EXPECT_THAT(names({at("b"), at("a"), at("b")}), ElementsAre(at("b"), at("a"), at("b")));
  const InputList inputs = *list({at("b"), at("a"), at("b")});
  EXPECT_EQ(inputs.files[1].argument, 1u);
  EXPECT_EQ(inputs.files[2].argument, 2u);
}

TEST_F(InputListTest, WalksFoldersInByteOrderOfTheWholePath) {
  for (const char* name : {"a/x", "a.txt", "a-b", "a0", "B", "a/b/c", "a/b.d", "\xff", "\xc3\xa9",
                           "line\nbreak", " x", "-n"})
    write_file(at(std::string("in/") + name), "1");
  const std::vector<std::string> walked = names({at("in")});
  std::vector<std::string> sorted = walked;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(walked.size(), 12u);
  EXPECT_EQ(walked, sorted);
}

TEST_F(InputListTest, WalksRandomTreesInByteOrder) {
  for (std::uint64_t index = 0; index < 30; ++index) {
    test_support::Random random(test_support::case_seed(index));
    const std::string root = at("tree" + std::to_string(index));
    for (int i = 0; i < 25; ++i) {
      std::string path = root;
      const std::uint64_t depth = random.between(1, 4);
      for (std::uint64_t level = 0; level < depth; ++level) {
        path += "/";
        // A folder's name never names a file, so the last level has letters of its own.
        const std::string letters = level + 1 == depth ? "xyz-" : "ab-.0";
        const std::uint64_t length = random.between(1, 2);
        path += letters[random.below(3)];
        for (std::uint64_t k = 1; k < length; ++k) path += letters[random.below(4)];
      }
      write_file(path, "1");
    }
    const std::vector<std::string> walked = names({root});
    EXPECT_TRUE(std::is_sorted(walked.begin(), walked.end()))
        << "seed " << test_support::case_seed(index);
    EXPECT_FALSE(walked.empty());
  }
}

TEST_F(InputListTest, NamesAFileByTheArgumentWithoutTrailingSlashes) {
  write_file(at("in/sub/file"), "1");
  EXPECT_THAT(names({at("in///")}), ElementsAre(at("in/sub/file")));
  EXPECT_THAT(names({at("in/sub/../sub")}), ElementsAre(at("in/sub/../sub/file")));
}

TEST_F(InputListTest, SkipsDotAndUnderscoreNamesInsideFoldersOnly) {
  write_file(at("in/.hidden"), "1");
  write_file(at("in/_other"), "1");
  write_file(at("in/_logs/a"), "1");
  write_file(at("in/_logs/b"), "1");
  write_file(at("in/kept_"), "1");
  const InputList inputs = *list({at("in"), at("in/_other"), at("in/_logs")});
  ASSERT_EQ(inputs.files.size(), 4u);
  EXPECT_EQ(inputs.files[0].name, at("in/kept_"));
  EXPECT_EQ(inputs.skipped_files, 3u);
}

TEST_F(InputListTest, TakesThePartsOfAFinishedOutputWithoutItsSides) {
  for (const char* const name :
       {"_SUCCESS", "_mrun/run.json", "part-00000", "part-00001", "bad-00000"})
    write_file(at(std::string("out/") + name), "1");
  EXPECT_THAT(names({at("out")}), ElementsAre(at("out/part-00000"), at("out/part-00001")));
  EXPECT_EQ(list({at("out")})->skipped_files, 3u);
  EXPECT_THAT(names({at("out/bad-00000")}), ElementsAre(at("out/bad-00000")));
  const std::vector<InputArgument> arguments{{at("out"), at("out"), 0}};
  const InputList chosen = *list_inputs(arguments, {{"bad-*"}, {}});
  ASSERT_EQ(chosen.files.size(), 1u);
  EXPECT_EQ(chosen.files[0].name, at("out/bad-00000"));
}

TEST_F(InputListTest, WalksIntoTheFoldersOfAFinishedOutput) {
  for (const char* const name :
       {"_SUCCESS", "year=2024/part-00000.csv", "year=2025/part-00000.csv"})
    write_file(at(std::string("out/") + name), "1");
  EXPECT_THAT(names({at("out")}),
              ElementsAre(at("out/year=2024/part-00000.csv"), at("out/year=2025/part-00000.csv")));
}

TEST_F(InputListTest, RefusesGlobsThatLeaveNothing) {
  write_file(at("in/a.log"), "1");
  const std::vector<InputArgument> arguments{{at("in"), at("in"), 0}};
  const Result<InputList> none = list_inputs(arguments, {{"*.txt"}, {}});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::input);
}

TEST_F(InputListTest, TakesAnEmptyFolderAndAnEmptyFile) {
  ASSERT_EQ(::mkdir(at("empty").c_str(), 0700), 0);
  EXPECT_THAT(names({at("empty")}), IsEmpty());
  write_file(at("none"), "");
  const InputList inputs = *list({at("none")});
  ASSERT_EQ(inputs.files.size(), 1u);
  EXPECT_FALSE(inputs.files[0].is_stream);
  EXPECT_EQ(inputs.planned_bytes(), 0u);
}

TEST_F(InputListTest, FollowsLinksAndReadsHardLinksAndOverlapsTwice) {
  write_file(at("in/file"), "1");
  ASSERT_EQ(::symlink("file", at("in/link").c_str()), 0);
  ASSERT_EQ(::link(at("in/file").c_str(), at("in/hard").c_str()), 0);
  ASSERT_EQ(::symlink(at("in").c_str(), at("folder").c_str()), 0);
  EXPECT_THAT(names({at("in"), at("folder")}),
              ElementsAre(at("in/file"), at("in/hard"), at("in/link"), at("folder/file"),
                          at("folder/hard"), at("folder/link")));
}

TEST_F(InputListTest, SortsALinkToAFolderLikeAFolder) {
  write_file(at("other/x"), "1");
  write_file(at("in/a.txt"), "1");
  ASSERT_EQ(::symlink(at("other").c_str(), at("in/a").c_str()), 0);
  EXPECT_THAT(names({at("in")}), ElementsAre(at("in/a.txt"), at("in/a/x")));
}

TEST_F(InputListTest, RefusesALoopOfLinks) {
  write_file(at("in/sub/file"), "1");
  ASSERT_EQ(::symlink("..", at("in/sub/up").c_str()), 0);
  expect_refused({at("in")}, "in/sub/up", "contains it");
  ASSERT_EQ(::symlink("self", at("self").c_str()), 0);
  expect_refused({at("self")}, "self", "symbolic links");
}

TEST_F(InputListTest, RefusesADanglingLink) {
  ASSERT_EQ(::mkdir(at("in").c_str(), 0700), 0);
  ASSERT_EQ(::symlink("nowhere", at("in/link").c_str()), 0);
  expect_refused({at("in")}, "in/link", "leads nowhere");
}

TEST_F(InputListTest, RefusesWhatIsMissing) {
  expect_refused({at("missing")}, "missing", "there is no input");
  write_file(at("file"), "1");
  expect_refused({at("file/below")}, "file/below", "there is no input");
  EXPECT_EQ(list({""}).error().code, Code::usage);
}

TEST_F(InputListTest, RefusesWhatItMayNotRead) {
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  write_file(at("secret"), "1");
  ASSERT_EQ(::chmod(at("secret").c_str(), 0), 0);
  ASSERT_EQ(::mkdir(at("closed").c_str(), 0), 0);
  const AsNobody nobody;
  expect_refused({at("secret")}, "secret", "Permission denied");
  expect_refused({at("closed")}, "closed", "Permission denied");
  expect_refused({at("closed/file")}, "closed/file", "Permission denied");
}

TEST_F(InputListTest, RefusesSocketsAndDevices) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = at("s");
  ASSERT_LT(path.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  expect_refused({path}, path, "socket");
  ::close(fd);
  expect_refused({"/dev/zero"}, "/dev/zero", "device");
}

TEST_F(InputListTest, StreamsFifosTheNullDeviceStandardInputAndProc) {
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  const InputList inputs = *list({at("fifo"), "/dev/null", "-", "/proc/self/status"});
  ASSERT_EQ(inputs.files.size(), 4u);
  for (const InputFile& file : inputs.files) EXPECT_TRUE(file.is_stream) << file.name;
}

TEST_F(InputListTest, RefusesASecondStandardInput) {
  expect_refused({"-", "-"}, "-", "more than once");
}

TEST_F(InputListTest, TakesLongNamesAndRefusesPathsThatAreTooLong) {
  const std::string longest(255, 'n');
  write_file(at(longest), "1");
  EXPECT_THAT(names({folder_.path()}), ElementsAre(at(longest)));
  expect_refused({at(std::string(256, 'n'))}, "nnn", "too long");
  std::string deep = folder_.path();
  while (deep.size() < 5000) deep += "/" + longest;
  expect_refused({deep}, "nnn", "too long");
}

TEST_F(InputListTest, RefusesATreeWhosePathsAreTooLong) {
  // Built step by step from inside, for no system call takes the whole path.
  const std::string top = at("deep");
  ASSERT_EQ(::mkdir(top.c_str(), 0700), 0);
  const int before = ::open(".", O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::chdir(top.c_str()), 0);
  const std::string name(200, 'd');
  for (int i = 0; i < 25; ++i) {
    ASSERT_EQ(::mkdir(name.c_str(), 0700), 0);
    ASSERT_EQ(::chdir(name.c_str()), 0);
  }
  ASSERT_EQ(::fchdir(before), 0);
  ::close(before);
  expect_refused({top}, "ddd", "too long");
}

}  // namespace
}  // namespace mrun
