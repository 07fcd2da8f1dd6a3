// Goal: every class of odd input gives the documented result or a documented error (promises P10
// and P11). Method: each class is read by mmap and by pread, on one thread and on eight, and
// compared with the naive model.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "input_fixture.hpp"

namespace mrun::test_support {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

TEST_F(InputClass, EmptyFolderGivesAnEmptyOutput) {
  fs::create_directories(folder_ / "in");
  expect_model({"in"}, {});
}

TEST_F(InputClass, EmptyFileGivesAnEmptyOutput) { expect_model(""); }

TEST_F(InputClass, MissingLastNewlineLosesNothing) { expect_model("one two\nthree"); }

TEST_F(InputClass, OnlyNewlines) { expect_model("\n\n\n\n\n"); }

TEST_F(InputClass, CrLfKeepsTheCr) { expect_model("one two\r\nthree\r\n\r\nfour"); }

TEST_F(InputClass, LoneCrIsNoRecordEnd) { expect_model("one\rtwo\rthree\n\rfour\r"); }

TEST_F(InputClass, DelimiterOnEverySplitOffset) {
  std::string text;
  for (int i = 0; i < 64; ++i) text += i % 3 == 0 ? "a\n" : "b\n";
  expect_model(text);
}

TEST_F(InputClass, NulBytes) { expect_model("a\0b c\0\n\0\n\0\0 \0\nx"s); }

TEST_F(InputClass, InvalidUtf8) { expect_model("\xff\xfe caf\xe9\n\xc3\x28 \x80\n\xed\xa0\x80\n"); }

TEST_F(InputClass, ByteOrderMarkAndUtf16AreBytes) {
  expect_model("\xef\xbb\xbfone two\n\xff\xfeo\0n\0e\0\n\0"s);
}

TEST_F(InputClass, EveryShortTextSurvivesEverySplit) {
  // All texts of up to five bytes over what matters to a splitter, one file each (P10).
  std::vector<ModelFile> files;
  std::vector<std::string> texts{""};
  for (std::size_t next = 0; next < texts.size(); ++next) {
    const std::string text = texts[next];
    char name[32];
    std::snprintf(name, sizeof name, "in/%05zu", next);
    files.push_back({name, text});
    write_file(folder_ / name, text);
    if (text.size() == 5) continue;
    for (const char byte : {'a', '\r', '\n', '\0'}) texts.push_back(text + byte);
  }
  expect_model({"in"}, files, {"1", "2", "3", "4", "5", "1000"});
}

TEST_F(InputClass, RecordLongerThanSplitsAndBuffers) {
  std::string text = "short\n";
  for (int i = 0; i < 300'000; ++i) text += "word" + std::to_string(i % 1000) + ' ';
  text += "\nlast";
  write_file(folder_ / "in", text);
  expect_model({"in"}, {{"in", text}}, {"4K", "100000", "64M"});
}

TEST_F(InputClass, RecordLongerThanMemory) {
  // 80 MB in one line, cut by its job into words: mapped input needs no room for it.
  constexpr std::size_t kBytes = 80 << 20;
  std::string text;
  text.reserve(kBytes + 64);
  while (text.size() < kBytes) text += "some words of a very long line ";
  const std::size_t count = text.size() / 31;
  write_file(folder_ / "in", text + "\nlast line\n");
  const std::string mapped =
      output_of(shipped_job("wordcount"), {"in"}, {"--io", "mmap", "--memory", "64M"});
  EXPECT_NE(mapped.find("words\t" + std::to_string(count) + "\n"), std::string::npos) << mapped;
}

TEST_F(InputClass, SymbolicLinksAreFollowed) {
  write_file(folder_ / "elsewhere/x", "one two\n");
  fs::create_directories(folder_ / "in");
  fs::create_symlink("../elsewhere", folder_ / "in/linked");
  fs::create_symlink("../elsewhere/x", folder_ / "in/file");
  expect_model({"in"}, {{"in/file", "one two\n"}, {"in/linked/x", "one two\n"}}, {"1M"});
}

TEST_F(InputClass, SymbolicLinkLoopIsAnError) {
  write_file(folder_ / "in/a/x", "one\n");
  fs::create_symlink("../../in", folder_ / "in/a/loop");
  expect_error({"in"}, 4);
}

TEST_F(InputClass, LinkToItselfIsAnError) {
  fs::create_directories(folder_ / "in");
  fs::create_symlink("self", folder_ / "in/self");
  expect_error({"in"}, 4);
}

TEST_F(InputClass, DanglingLinkIsAnError) {
  write_file(folder_ / "in/a", "one\n");
  fs::create_symlink("nowhere", folder_ / "in/dangling");
  expect_error({"in"}, 4);
}

TEST_F(InputClass, MissingInputIsAnError) { expect_error({"nowhere"}, 4); }

class UnreadableInput : public InputClass {
 protected:
  // The tests may run as root, for whom everything is readable, so the command runs as nobody.
  CommandOptions obeying() const {
    CommandOptions options = here();
    options.obeys_permissions = ::geteuid() == 0;
    return options;
  }
};

TEST_F(UnreadableInput, FileIsAnError) {
  write_file(folder_ / "in/a", "one\n");
  write_file(folder_ / "in/b", "two\n");
  ::chmod((folder_ / "in/b").c_str(), 0);
  expect_error({"in"}, 4, obeying());
}

TEST_F(UnreadableInput, FolderIsAnError) {
  write_file(folder_ / "in/closed/a", "one\n");
  ::chmod((folder_ / "in/closed").c_str(), 0);
  expect_error({"in"}, 4, obeying());
}

TEST_F(InputClass, SamePathTwiceIsReadTwice) {
  write_file(folder_ / "in", "one two\n");
  expect_model({"in", "in"}, {{"in", "one two\n"}, {"in", "one two\n"}}, {"1M"});
}

TEST_F(InputClass, HardLinksAndOverlappingFoldersAreReadAsNamed) {
  write_file(folder_ / "in/sub/a", "one two\n");
  fs::create_hard_link(folder_ / "in/sub/a", folder_ / "in/b");
  expect_model({"in", "in/sub"},
               {{"in/b", "one two\n"}, {"in/sub/a", "one two\n"}, {"in/sub/a", "one two\n"}},
               {"1M"});
}

TEST_F(InputClass, TrailingSlashesAreNotPartOfNames) {
  write_file(folder_ / "in/a", "one\n");
  expect_model({"in//"}, {{"in/a", "one\n"}}, {"1M"});
}

TEST_F(InputClass, HiddenNamesAreSkippedInsideFoldersOnly) {
  write_file(folder_ / "in/.a", "hidden\n");
  write_file(folder_ / "in/_b/c", "hidden\n");
  write_file(folder_ / "in/d", "one\n");
  expect_model({"in"}, {{"in/d", "one\n"}}, {"1M"});
  expect_model({"in/.a", "in/_b"}, {{"in/.a", "hidden\n"}, {"in/_b/c", "hidden\n"}}, {"1M"});
}

TEST_F(InputClass, OddNames) {
  // Newline, space, leading '-', bytes that are not UTF-8, 255 bytes.
  std::vector<ModelFile> files;
  for (const std::string& name : {std::string("-j8"), std::string("a b"), std::string("new\nline"),
                                  std::string(255, 'x'), std::string("\xff\xfe")}) {
    write_file(folder_ / "in/" + name, "one " + name.substr(0, 3) + "\n");
    files.push_back({"in/" + name, "one " + name.substr(0, 3) + "\n"});
  }
  expect_model({"in"}, files, {"1M"});
}

TEST_F(InputClass, NameThatBeginsWithADashFollowsTwoDashes) {
  write_file(folder_ / "-in", "one two\n");
  const CommandResult result = run({shipped_job("wordcount"), "-q", "--", "-in", "out"});
  ASSERT_TRUE(result.ok()) << result.err;
  EXPECT_EQ(run({"cat", "out"}).out, "one\t1\ntwo\t1\n");
}

TEST_F(InputClass, PathLongerThanTheSystemAllowsIsAnError) {
  expect_error({std::string(5000, 'x')}, 4);
}

TEST_F(InputClass, ProcFileOfSizeZeroIsReadOrRefusedButNotEmpty) {
  const CommandResult result = run({shipped_job("wordcount"), "-q", "/proc/self/status", "out"});
  if (result.ok()) {
    EXPECT_NE(run({"cat", "out"}).out.find("Pid:\t1"), std::string::npos);
  } else {
    EXPECT_EQ(result.exit_status, 4) << result.err;
  }
}

/// The text that the streaming tests send, and its word count. A stream counts as 256 MiB, so it
/// has four parts.
struct StreamedText {
  std::string text;
  std::string word_count;
  StreamedText() {
    for (int i = 0; i < 200'000; ++i) text += "line " + std::to_string(i % 100) + "\n";
    for (const std::string& part : expected_parts(model_job("count_words"), {}, {{"-", text}}, 4))
      word_count += part;
  }
};

TEST_F(InputClass, StandardInputIsStreamed) {
  const StreamedText streamed;
  CommandOptions options = here();
  options.stdin_pipe = streamed.text;
  for (const char* threads : {"-j1", "-j8"}) {
    const CommandResult result =
        run_mrun({shipped_job("wordcount"), "-q", threads, "-", "out"}, options);
    ASSERT_TRUE(result.ok()) << result.err;
    EXPECT_EQ(run({"cat", "out"}).out, streamed.word_count);
    remove_tree(folder_ / "out");
  }
}

TEST_F(InputClass, FifoIsStreamed) {
  const StreamedText streamed;
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0666), 0);
  for (const char* threads : {"-j1", "-j8"}) {
    std::thread writer([&] { write_file(folder_ / "fifo", streamed.text); });
    const CommandResult result = run({shipped_job("wordcount"), "-q", threads, "fifo", "out"});
    writer.join();
    ASSERT_TRUE(result.ok()) << result.err;
    EXPECT_EQ(run({"cat", "out"}).out, streamed.word_count);
    remove_tree(folder_ / "out");
  }
}

TEST_F(InputClass, StandardInputBesideFilesKeepsItsPlace) {
  write_file(folder_ / "before", "a\n");
  write_file(folder_ / "after", "c\n");
  CommandOptions options = here();
  options.stdin_pipe = "b\nb";
  const CommandResult result =
      run_mrun({test_job("copy_lines"), "-q", "before", "-", "after", "out"}, options);
  ASSERT_TRUE(result.ok()) << result.err;
  EXPECT_EQ(run({"cat", "out"}).out, "a\nb\nb\nc\n");
}

TEST_F(InputClass, FixedRecords) {
  write_file(folder_ / "in", "aaa\nbbbaaa\nzz");
  for (const auto& way : ways_to_read()) {
    std::vector<std::string> options = way;
    options.insert(options.end(), {"--records", "fixed:1", "--split-size", "3"});
    EXPECT_EQ(output_of(shipped_job("sort"), {"in"}, options), "\n\naaaaaabbbzz");
  }
}

}  // namespace
}  // namespace mrun::test_support
