// Goal: spilled data that the disk gives back otherwise than it was written is found and named, and
// makes no output (P9). Method: the command reads a pipe and has to spill; while it waits for more,
// its spill file, which has no name, is damaged through /proc; then the input ends. What follows
// the blocks of a run on disk is not read again in the same process, so a flip there may go
// unnoticed: then the output must be right, and the case is tried again at another place.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <future>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

namespace fs = std::filesystem;

/// Paths under /proc of the files without a name in `folder` that any process holds open.
std::vector<std::string> nameless_files(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& process : fs::directory_iterator("/proc", error)) {
    for (const auto& fd : fs::directory_iterator(process.path() / "fd", error)) {
      const std::string target = fs::read_symlink(fd.path(), error).string();
      if (target.starts_with(folder + "/") && target.ends_with(" (deleted)"))
        found.push_back(fd.path());
    }
  }
  return found;
}

struct stat status_of(const std::string& path) {
  struct stat status {};
  ::stat(path.c_str(), &status);
  return status;
}

std::uint64_t size_of(const std::string& path) {
  return static_cast<std::uint64_t>(status_of(path).st_size);
}

/// The largest spill file of `folder`, once it is no longer written; empty where none appears.
std::string settled_spill(const std::string& folder) {
  using State =
      std::tuple<std::string, off_t, time_t, long>;  // Path, size, time of the last write.
  State last;
  for (int quiet = 0, looks = 0; quiet < 6 && looks < 2000; ++looks) {
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
    State now;
    for (const std::string& file : nameless_files(folder)) {
      const struct stat status = status_of(file);
      if (status.st_size > std::get<1>(now))
        now = {file, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
    }
    quiet = now == last && !std::get<0>(now).empty() ? quiet + 1 : 0;
    last = now;
  }
  return std::get<0>(last);
}

enum class Damage : std::uint8_t { none, bit, zeros, cut };

void damage(const std::string& path, Damage kind, Random& random) {
  const std::uint64_t at = random.below(size_of(path));
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  if (kind == Damage::cut) {
    ASSERT_EQ(::ftruncate(fd, static_cast<off_t>(at)), 0);
  } else if (kind == Damage::zeros) {  // A sector that was never written.
    const std::string zeros(512, '\0');
    ASSERT_EQ(::pwrite(fd, zeros.data(), zeros.size(), static_cast<off_t>(at / 512 * 512)), 512);
  } else if (kind == Damage::bit) {
    char byte = 0;
    ASSERT_EQ(::pread(fd, &byte, 1, static_cast<off_t>(at)), 1);
    byte = static_cast<char>(byte ^ (1 << random.below(8)));
    ASSERT_EQ(::pwrite(fd, &byte, 1, static_cast<off_t>(at)), 1);
  }
  ::close(fd);
}

/// Runs `arguments` on `text` through a pipe, and damages the spill before the input ends.
CommandResult run_damaged(const TempFolder& folder, std::vector<std::string> arguments,
                          const std::string& text, Damage kind, Random& random) {
  arguments.insert(arguments.end(), {"-q", "--no-sync", "--memory", "36M", "--tmp-dir",
                                     folder / "tmp", "-", folder / "out"});
  fs::create_directories(folder / "tmp");
  const std::string fifo = folder / "fifo";
  ::unlink(fifo.c_str());
  EXPECT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  CommandOptions options;
  options.stdin_file = fifo;
  auto result = std::async(std::launch::async, [&] { return run_mrun(arguments, options); });
  std::signal(SIGPIPE, SIG_IGN);
  const int pipe = ::open(fifo.c_str(), O_WRONLY | O_CLOEXEC);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(pipe, text.data() + done, text.size() - done);
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  const std::string spill = settled_spill(folder / "tmp");
  EXPECT_FALSE(spill.empty()) << "nothing was spilled";
  if (!spill.empty()) damage(spill, kind, random);
  ::close(pipe);
  return result.get();
}

struct Subject {
  const char* name;
  std::vector<std::string> job;
};
void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.name; }

/// `result` is a refusal that names the spilled data of `folder`, and left nothing there.
void expect_named(const CommandResult& result, const TempFolder& folder) {
  EXPECT_EQ(result.exit_status, 8) << result.err;
  EXPECT_NE(result.err.find(folder / "tmp"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("offset"), std::string::npos) << result.err;
  EXPECT_EQ(names_in(folder.path()), (std::vector<std::string>{"fifo", "tmp"}));
  EXPECT_TRUE(names_in(folder / "tmp").empty());
}

class SpillDamage : public testing::TestWithParam<Subject> {};

TEST_P(SpillDamage, IsFoundAndNamedAndMakesNoOutput) {
  Random random(test_seed());
  std::string text;
  while (text.size() < (std::size_t{48} << 20)) {
    text += "key" + std::to_string(random.below(10'000'000));
    text += random.one_in(3) ? '\n' : '\t';
  }
  text += '\n';

  TempFolder whole;
  const CommandResult sound = run_damaged(whole, GetParam().job, text, Damage::none, random);
  ASSERT_TRUE(sound.ok()) << sound.err;
  const auto expected = read_output(whole / "out");

  for (std::uint64_t i = 0; i < scaled(6); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    const Damage kind = std::vector{Damage::bit, Damage::zeros, Damage::cut}[i % 3];
    bool found = false;
    for (int tries = 0; !found && tries < 5; ++tries) {
      TempFolder folder;
      const CommandResult result = run_damaged(folder, GetParam().job, text, kind, random);
      found = !result.ok();
      if (found)
        expect_named(result, folder);
      else
        ASSERT_TRUE(read_output(folder / "out") == expected);
    }
    EXPECT_TRUE(found);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Jobs, SpillDamage,
    testing::Values(Subject{"Sort", {shipped_job("sort"), "-p2"}},
                    Subject{"SortOfZstd", {shipped_job("sort"), "-p2", "--compress-spill", "zstd"}},
                    Subject{"WordCount", {shipped_job("wordcount"), "-p1"}},
                    Subject{"Concatenation", {test_job("concatenate"), "-p3"}}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace mrun::test_support
