// Goal: inputs at the borders of what there is (P10, P11, P12): holes, huge records, many files,
// what is no file, files that change or fail while they are read. Method: as in input_test.cpp.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "input_fixture.hpp"

namespace mrun::test_support {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

/// `before`, a hole of `hole_bytes`, `after`.
void write_with_hole(const std::string& path, const std::string& before, std::uint64_t hole_bytes,
                     const std::string& after) {
  write_file(path, before);
  const std::uint64_t end = before.size() + hole_bytes;
  ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(end)), 0);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_EQ(::pwrite(fd, after.data(), after.size(), static_cast<off_t>(end)),
            static_cast<ssize_t>(after.size()));
  ::close(fd);
}

TEST_F(InputClass, HolesAreZeros) {
  constexpr std::size_t kHole = 300'000;
  write_with_hole(folder_ / "in", "one two\nthree", kHole, " four\nfive");
  const std::string text = "one two\nthree" + std::string(kHole, '\0') + " four\nfive";
  expect_model({"in"}, {{"in", text}}, {"64", "100000", "1M"});
}

TEST_F(InputClass, RecordsBeyondFourGibibytesAreSearchedWhereTheyLie) {
  write_with_hole(folder_ / "in", "first\n", (std::uint64_t{4} << 30) + (1 << 20), "\nlast zzz\n");
  for (const std::vector<std::string>& way : ways_to_read()) {
    if (way[2] == "-j1") continue;  // A record is one thread's.
    std::vector<std::string> arguments{shipped_job("grep"),
                                       "-q",
                                       "--no-sync",
                                       "-D",
                                       "pattern=zzz",
                                       "--memory",
                                       "256M",
                                       "-D",
                                       "line",
                                       "--records",
                                       "lines"};
    arguments.insert(arguments.end(), way.begin(), way.end());
    arguments.insert(arguments.end(), {"in", "out"});
    const CommandResult result = run(arguments);
    if (way[1] == "mmap") {
      ASSERT_TRUE(result.ok()) << describe(arguments, result);
      EXPECT_EQ(run({"cat", "out"}).out, "3\tlast zzz\n");
      remove_tree(folder_ / "out");
    } else {
      EXPECT_EQ(result.exit_status, 6) << describe(arguments, result);
      EXPECT_NE(result.err.find("'in': the record at offset 6 "), std::string::npos) << result.err;
    }
  }
  // What such a record emits is too long for a pair, also where its key must be encoded first.
  for (const char* const job : {"wordcount", "index"}) {
    const CommandResult result = run({shipped_job(job), "-q", "in", "out"});
    EXPECT_EQ(result.exit_status, 6);
    EXPECT_NE(result.err.find("emitted a key or value of 4 GiB or more\n"
                              "  at: file 'in', offset 6, record \""),
              std::string::npos)
        << result.err;
  }
}

TEST_F(InputClass, KeysOfAGibibyteAreCountedOrRefused) {
  constexpr std::uint64_t kKey = std::uint64_t{1} << 30;
  write_with_hole(folder_ / "in", "a ", kKey, " a\n");
  for (const std::vector<std::string>& way : ways_to_read()) {
    if (way[2] == "-j1") continue;  // A record is one thread's.
    std::vector<std::string> arguments{shipped_job("wordcount"), "-q", "--no-sync", "-p1"};
    arguments.insert(arguments.end(), way.begin(), way.end());
    arguments.insert(arguments.end(), {"in", "out"});
    std::vector<std::string> frugal = arguments;
    frugal.insert(frugal.begin() + 1, {"--memory", "256M"});
    const CommandResult refused = run(frugal);
    EXPECT_EQ(refused.exit_status, 6) << describe(frugal, refused);
    EXPECT_NE(refused.err.find("--memory"), std::string::npos) << refused.err;

    if (way[1] == "pread") continue;
    arguments.insert(arguments.begin() + 1, {"--memory", "6G"});
    const CommandResult result = run(arguments);
    ASSERT_TRUE(result.ok()) << describe(arguments, result);
    EXPECT_EQ(fs::file_size(folder_ / "out/part-00000"), kKey + 7);
    remove_tree(folder_ / "out");
  }
}

TEST_F(InputClass, ManyTinyFiles) {
  std::vector<ModelFile> files;
  for (int i = 0; i < 2000; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "in/%02d/%05d", i / 100, i);
    files.push_back({name, "line " + std::to_string(i % 7) + (i % 3 == 0 ? "" : "\n")});
    write_file(folder_ / name, files.back().bytes);
  }
  expect_model({"in"}, files, {"10", "1M"});
}

TEST_F(InputClass, TheNullDeviceIsEmptyAndOtherDevicesAndSocketsAreErrors) {
  const CommandResult result = run({shipped_job("wordcount"), "-q", "/dev/null", "out"});
  ASSERT_TRUE(result.ok()) << result.err;
  EXPECT_EQ(run({"cat", "out"}).out, "");
  remove_tree(folder_ / "out");
  expect_error({"/dev/zero"}, 4);

  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{AF_UNIX, {}};
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", (folder_ / "socket").c_str());
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  expect_error({"socket"}, 4);
  ::close(socket);
}

/// What another program may do to a file that is being read.
struct Change {
  const char* name;
  std::function<void(const std::string& path)> apply;
};

TEST_F(InputClass, FilesThatChangeWhileTheyAreReadAreErrorsThatNameThem) {
  const std::string text = "some words\n";
  const std::vector<Change> changes{
      {"truncated", [](const std::string& path) { fs::resize_file(path, 3); }},
      {"grown", [&](const std::string& path) { fs::resize_file(path, 100); }},
      {"rewritten", [](const std::string& path) { write_file(path, "SOME WORDS\n"); }},
      {"replaced",
       [&](const std::string& path) {
         write_file(path + ".new", text);
         fs::rename(path + ".new", path);
       }},
      {"deleted", [](const std::string& path) { fs::remove(path); }}};
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0666), 0);
  for (const Change& change : changes) {
    for (const std::vector<std::string>& way : ways_to_read()) {
      SCOPED_TRACE(change.name + testing::PrintToString(way));
      write_file(folder_ / "in", text);
      // The fifo opens once mrun has listed its inputs, and then the file changes. One thread has
      // not come to the file by then; eight may have read it before.
      std::thread writer([&] {
        const int fifo = ::open((folder_ / "fifo").c_str(), O_WRONLY | O_CLOEXEC);
        change.apply(folder_ / "in");
        ::close(fifo);
      });
      std::vector<std::string> arguments{shipped_job("wordcount"), "-q", "--no-sync"};
      arguments.insert(arguments.end(), way.begin(), way.end());
      arguments.insert(arguments.end(), {"fifo", "in", "out"});
      const CommandResult result = run(arguments);
      writer.join();
      if (way[2] == "-j1" || !result.ok()) {
        EXPECT_EQ(result.exit_status, 4) << describe(arguments, result);
        EXPECT_NE(result.err.find("'in'"), std::string::npos) << result.err;
        EXPECT_FALSE(exists(folder_ / "out"));
      } else {
        EXPECT_EQ(run({"cat", "out"}).out, "some\t1\nwords\t1\n");
      }
      remove_tree(folder_ / "out");
    }
  }
}

TEST_F(InputClass, DiskErrorsInTheMiddleNameFileAndOffset) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "word " + std::to_string(i) + "\n";
  write_file(folder_ / "in", text);
  // One thread fails at its second read after the looks at the first bytes, eight at the first
  // look.
  for (const auto& [threads, from, offset] :
       {std::tuple("-j1", "4+", " 299999 "), std::tuple("-j8", "1+", " 0 ")}) {
    const CommandResult result = run_command(
        {"/usr/bin/strace", "-f", "-q", "-o", "/dev/null", "-P", folder_ / "in", "-e",
         "inject=pread64:error=EIO:when="s + from, mrun_path(), shipped_job("wordcount"), "-q",
         "--io", "pread", "--split-size", "300000", threads, "in", "out"},
        [&] {
          CommandOptions options = here();
          options.environment = {"ASAN_OPTIONS=detect_leaks=0"};  // It cannot look under a tracer.
          return options;
        }());
    EXPECT_EQ(result.exit_status, 4) << result.err;
    EXPECT_NE(result.err.find("cannot read at offset"s + offset + "of 'in': Input/output error"),
              std::string::npos)
        << result.err;
    EXPECT_FALSE(exists(folder_ / "out"));
  }
}

}  // namespace
}  // namespace mrun::test_support
