// Goal: every error that a run of the command can end with says what, where, why and how to mend
// it, in one shape: all of its text. Method: the transcripts in errors/ are run again, line by
// line, and must come out as they stand there.
//
// A line that begins with "$ " is a command of bash, run in a folder of the transcript's own; below
// it stands all that it wrote to the standard error stream, and "[STATUS]" where that is not 0.
// What it writes to the standard output is an error. "# " begins a comment. $JOBS is the folder of
// the test jobs, $SHIPPED that of the shipped ones. File permissions hold for root, too.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"

namespace mrun::test_support {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

/// What `command` adds to the transcript below itself.
std::string response_to(const std::string& command, const TempFolder& folder) {
  const std::string jobs = MRUN_TEST_PLUGIN_FOLDER;
  CommandOptions options;
  options.folder = folder.path();
  options.environment = {"MRUN=" + mrun_path(), "JOBS=" + jobs, "SHIPPED=" MRUN_PLUGIN_FOLDER,
                         "LC_ALL=C"};
  options.obeys_permissions = ::geteuid() == 0;
  const CommandResult result =
      run_command({"/bin/bash", "-c", "mrun() { \"$MRUN\" \"$@\"; }; " + command}, options);
  std::string text = result.err;
  replace_all(text, jobs, "$JOBS");
  replace_all(text, MRUN_PLUGIN_FOLDER, "$SHIPPED");
  replace_all(text, std::filesystem::canonical(folder.path()).string(), "$PWD");
  if (!result.out.empty()) text += "standard output: " + result.out + "\n";
  if (result.exit_status != 0) text += "[" + std::to_string(result.exit_status) + "]\n";
  for (const std::string& name : names_in(folder.path()))
    if (name.starts_with(".mrun")) text += name + " was left behind\n";
  return text;
}

/// The transcript with what its commands say now.
std::string run_again(const std::string& transcript) {
  const TempFolder folder;
  std::string text;
  for (const std::string& line : lines_of(transcript)) {
    const bool is_command = line.starts_with("$ ");
    if (is_command || line.empty() || line.starts_with("# ")) text += line + "\n";
    if (is_command) text += response_to(line.substr(2), folder);
  }
  return text;
}

class ErrorText : public testing::TestWithParam<std::string> {};

TEST_P(ErrorText, IsAsInTheTranscript) {
  const std::string name = GetParam() + ".txt";
  const std::string path = source_folder() + "/tests/end_to_end/errors/" + name;
  const std::string transcript = read_file(path);
  const std::string text = run_again(transcript);
  if (text == transcript) return;
  const std::string now = MRUN_BUILD_FOLDER "/tests/errors/" + name;
  write_file(now, text);
  FAIL() << run_command({"/usr/bin/diff", "-u", path, now}).out;
}

// Not in a transcript, for not every machine lets a test mount a file system.
TEST(FullDisk, IsToldWithWhatToDo) {
  const TempFolder folder;
  const auto on_small_disk = [&](const std::string& command) {
    return response_to(
        "unshare -rm bash -c 'mkdir -p small; mount -t tmpfs -o size=1M none small && " + command +
            "'",
        folder);
  };
  if (!on_small_disk("true").empty()) GTEST_SKIP() << "no file system can be mounted here";
  EXPECT_EQ(on_small_disk("seq 200000 >many; \"$MRUN\" sort many small/out"),
            "mrun: warning: this run needs about 1.2 MiB of disk in '$PWD/small', and 1 MiB are "
            "free: 1.2 MiB of output; it may fail: free some space, write the output to another "
            "disk, or make it smaller with --compress\n"
            "mrun: error: cannot write at offset 1048576 of "
            "'$PWD/small/.mrun-8bb391102a99f3c9/out/part-00000': No space left on device\n"
            "  hint: free some space, write the output to another disk, or make it smaller with "
            "--compress\n[5]\n");
  EXPECT_EQ(
      on_small_disk("seq 20000 | sed \"s/^.*/key& 1/\" >pairs; \"$MRUN\" $JOBS/concatenate.so "
                    "pairs out -m 34M -j1 -T small -D repeat=50"),
      "mrun: error: cannot write at offset 1048576 of 'small/(temporary file)': No space "
      "left on device; 1 MiB of what does not fit in memory lie in 'small'\n"
      "  hint: free some space, name other folders with --tmp-dir (several are used side by side), "
      "give more --memory, or pack what is put there with --compress-spill zstd\n[5]\n");
}

std::vector<std::string> transcripts() {
  std::vector<std::string> names;
  for (const std::string& name : names_in(source_folder() + "/tests/end_to_end/errors"))
    names.push_back(name.substr(0, name.rfind('.')));
  return names;
}

INSTANTIATE_TEST_SUITE_P(Of, ErrorText, testing::ValuesIn(transcripts()),
                         [](const auto& transcript) { return transcript.param; });

}  // namespace
}  // namespace mrun::test_support
