// Goal: an output is whole or absent, and nothing else is left behind, whatever step fails.
// Method: the whole way of an output is walked once per storage operation, with that operation (and
// perhaps all later ones) broken; then the place is looked at as a reader would.
#include "output/committer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "output/output_reader.hpp"
#include "output/sample_output.hpp"
#include "support/breakable_storage.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

namespace fs = std::filesystem;
using test_support::Break;
using test_support::BreakableStorage;
using test_support::exists;
using test_support::names_in;
using test_support::read_file;
using test_support::TempFolder;
using test_support::write_file;

using Names = std::vector<std::string>;

OutputRequest request_for(const std::string& output, bool overwrite = false) {
  OutputRequest request;
  request.output = output;
  request.overwrite = overwrite;
  return request;
}

bool is_whole(const std::string& output) {
  const StopFlag stop;
  return verify_output(output, stop).has_value();
}

unsigned mode_of(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

TEST(Committer, PublishesAWholeOutputAndNothingElse) {
  const TempFolder folder;
  BreakableStorage storage;
  const Result<std::string> made = make_output(storage, request_for(folder / "out"));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(*made, "");
  EXPECT_EQ(names_in(folder.path()), Names{"out"});
  EXPECT_EQ(names_in(folder / "out"),
            (Names{"_SUCCESS", "_mrun", "hot-00000", "part-00000", "part-00001"}));
  EXPECT_EQ(read_file(folder / "out/_mrun/run.json"), "{}\n");
  EXPECT_TRUE(is_whole(folder / "out"));
}

TEST(Committer, MakesTheSameManifestEachTime) {
  const TempFolder folder;
  BreakableStorage storage;
  ASSERT_TRUE(make_output(storage, request_for(folder / "one")));
  ASSERT_TRUE(make_output(storage, request_for(folder / "two")));
  EXPECT_EQ(read_file(folder / "one/_SUCCESS"), read_file(folder / "two/_SUCCESS"));
}

TEST(Committer, GivesTheOutputThePermissionsOfTheUmask) {
  const TempFolder folder;
  BreakableStorage storage;
  const ::mode_t before = ::umask(0027);
  Result<Committer> committer = Committer::prepare(storage, request_for(folder / "out"));
  ASSERT_TRUE(committer);
  EXPECT_EQ(mode_of(fs::path(committer->out_folder()).parent_path().string()), 0700u);
  ASSERT_TRUE(committer->abort());
  ASSERT_TRUE(make_output(storage, request_for(folder / "out")));
  ::umask(before);
  EXPECT_EQ(mode_of(folder / "out"), 0750u);
  EXPECT_EQ(mode_of(folder / "out/part-00000"), 0640u);
}

TEST(Committer, LeavesNothingWhenItIsDropped) {
  const TempFolder folder;
  BreakableStorage storage;
  {
    Result<Committer> committer = Committer::prepare(storage, request_for(folder / "out"));
    ASSERT_TRUE(committer);
    write_file(committer->work_folder() + "/run-1", "x");
    write_file(committer->out_folder() + "/part-00000", "x");
    EXPECT_EQ(names_in(folder.path()).size(), 1u);
  }
  EXPECT_EQ(names_in(folder.path()), Names{});
}

TEST(Committer, RefusesASecondRunOnTheSameOutput) {
  const TempFolder folder;
  BreakableStorage storage;
  Result<Committer> first = Committer::prepare(storage, request_for(folder / "out"));
  ASSERT_TRUE(first);
  const Result<Committer> second = Committer::prepare(storage, request_for(folder / "out/"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::output);
  EXPECT_NE(second.error().message.find("another mrun"), std::string::npos);
  EXPECT_TRUE(Committer::prepare(storage, request_for(folder / "other")));
  // The refused run must not have touched the first one's folder.
  EXPECT_TRUE(exists(first->work_folder()));
  ASSERT_TRUE(first->abort());
  EXPECT_TRUE(Committer::prepare(storage, request_for(folder / "out")));
}

TEST(Committer, SweepsWhatAKilledRunLeft) {
  const TempFolder folder;
  BreakableStorage storage;
  const std::string staging = Staging::path_for(fs::canonical(folder.path()).string(), "out");
  const auto leave = [&] {
    write_file(staging + "/lock", "");
    write_file(staging + "/work/run-1", "old");
    write_file(staging + "/out/part-00000", "old");
    write_file(staging + "/probe/x", "old");
    write_file(staging + ".gone/lock", "");
  };
  leave();
  ASSERT_TRUE(make_output(storage, request_for(folder / "out")));
  EXPECT_EQ(names_in(folder.path()), Names{"out"});
  EXPECT_TRUE(is_whole(folder / "out"));

  // Killed after the rename: the next run is refused, but sweeps all the same.
  leave();
  ASSERT_FALSE(make_output(storage, request_for(folder / "out")));
  EXPECT_EQ(names_in(folder.path()), Names{"out"});
}

TEST(Staging, IsNeverSharedAndNeverLostWhileRunsComeAndGo) {
  const TempFolder folder;
  std::atomic<int> holders{0}, acquired{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      BreakableStorage storage;
      for (int i = 0; i < 300; ++i) {
        Result<Staging> staging = Staging::acquire(storage, folder.path(), "out");
        if (!staging) {
          ASSERT_NE(staging.error().message.find("another mrun"), std::string::npos)
              << staging.error().message;
          continue;
        }
        ASSERT_EQ(holders.fetch_add(1), 0);
        ++acquired;
        const std::string mine = staging->work_folder() + fmt::format("/{}-{}", t, i);
        write_file(mine, "x");
        std::this_thread::yield();
        ASSERT_TRUE(exists(mine));
        --holders;
        static_cast<void>(staging->remove());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(acquired, 0);
  BreakableStorage storage;
  { EXPECT_TRUE(Staging::acquire(storage, folder.path(), "out")); }
  EXPECT_EQ(names_in(folder.path()), Names{});
}

TEST(Committer, DoesNotFollowAForeignStagingFolder) {
  const TempFolder folder;
  BreakableStorage storage;
  write_file(folder / "precious/file", "x");
  const std::string staging = Staging::path_for(fs::canonical(folder.path()).string(), "out");
  fs::create_symlink(folder / "precious", staging);
  const Result<Committer> committer = Committer::prepare(storage, request_for(folder / "out"));
  ASSERT_FALSE(committer);
  EXPECT_NE(committer.error().message.find("not its own"), std::string::npos);
  EXPECT_EQ(names_in(folder / "precious"), Names{"file"});

  fs::remove(staging);
  write_file(staging, "a file");
  EXPECT_FALSE(Committer::prepare(storage, request_for(folder / "out")));
  EXPECT_EQ(read_file(staging), "a file");
}

TEST(Committer, RefusesAStagingFolderOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  const TempFolder folder;
  BreakableStorage storage;
  const std::string staging = Staging::path_for(fs::canonical(folder.path()).string(), "out");
  fs::create_directory(staging);
  constexpr ::uid_t kNobody = 65534;
  ASSERT_EQ(::chown(staging.c_str(), kNobody, kNobody), 0);
  EXPECT_FALSE(Committer::prepare(storage, request_for(folder / "out")));
}

TEST(Committer, ClosesAStagingFolderThatIsOpenToOthers) {
  const TempFolder folder;
  BreakableStorage storage;
  const std::string staging = Staging::path_for(fs::canonical(folder.path()).string(), "out");
  fs::create_directory(staging);
  fs::permissions(staging, fs::perms::all);
  const Result<Committer> committer = Committer::prepare(storage, request_for(folder / "out"));
  ASSERT_TRUE(committer);
  EXPECT_EQ(mode_of(staging), 0700u);
}

TEST(Committer, FailsWhereTheOutputAppearedMeanwhile) {
  const TempFolder folder;
  BreakableStorage storage;
  Result<Committer> committer = Committer::prepare(storage, request_for(folder / "out"));
  ASSERT_TRUE(committer);
  write_file(folder / "out/file", "someone else's");
  EXPECT_EQ(committer->commit(Manifest(), "").error().code, Code::output);
  EXPECT_EQ(names_in(folder.path()), Names{"out"});
  EXPECT_EQ(names_in(folder / "out"), Names{"file"});
}

TEST(Committer, DoesNotReplaceWhatIsNoOutputAnyMore) {
  const TempFolder folder;
  BreakableStorage storage;
  ASSERT_TRUE(make_output(storage, request_for(folder / "out")));
  Result<Committer> committer = Committer::prepare(storage, request_for(folder / "out", true));
  ASSERT_TRUE(committer);
  fs::remove(folder / "out/_SUCCESS");
  EXPECT_FALSE(committer->commit(Manifest(), ""));
  EXPECT_TRUE(exists(folder / "out/part-00000"));
}

TEST(Committer, ReplacesAnOldOutputAtOnce) {
  const TempFolder folder;
  BreakableStorage storage;
  ASSERT_TRUE(make_output(storage, request_for(folder / "out"), "old\n"));
  const Result<std::string> made = make_output(storage, request_for(folder / "out", true), "new\n");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(read_file(folder / "out/part-00000"), "new\n");
  EXPECT_EQ(names_in(folder.path()), Names{"out"});
}

TEST(Committer, FindsOutBeforeTheWorkThatFoldersCannotBeExchanged) {
  const TempFolder folder;
  BreakableStorage storage;
  ASSERT_TRUE(make_output(storage, request_for(folder / "out")));
  // The first exchange of a run is the probe.
  for (std::uint64_t call = 1;; ++call) {
    storage.break_at(call, Break::once);
    const Result<Committer> committer =
        Committer::prepare(storage, request_for(folder / "out", true));
    ASSERT_TRUE(storage.was_broken()) << "prepare never exchanged anything";
    if (!storage.broken_operation().starts_with("exchange")) continue;
    ASSERT_FALSE(committer);
    EXPECT_NE(committer.error().message.find("cannot be replaced"), std::string::npos);
    break;
  }
  EXPECT_EQ(names_in(folder.path()), Names{"out"});
}

/// What a reader of the place sees: nothing, the old output, or the new one, always whole.
std::string state_of(const std::string& output) {
  if (!exists(output)) return "absent";
  if (!is_whole(output)) return "broken";
  return read_file(output + "/part-00000");
}

class BrokenCommit : public ::testing::TestWithParam<std::tuple<Break, bool>> {};

TEST_P(BrokenCommit, LeavesAWholeOutputOrThePlaceAsItWas) {
  const auto [kind, overwrite] = GetParam();
  const std::string before = overwrite ? "old\n" : "absent";
  std::uint64_t broken = 0;
  for (std::uint64_t call = 1;; ++call) {
    const TempFolder folder;
    BreakableStorage storage;
    if (overwrite) {
      ASSERT_TRUE(make_output(storage, request_for(folder / "out"), "old\n"));
    }
    storage.break_at(call, kind);
    const Result<std::string> made =
        make_output(storage, request_for(folder / "out", overwrite), "new\n");
    if (!storage.was_broken()) break;
    ++broken;
    SCOPED_TRACE(fmt::format("call {}: {}", call, storage.broken_operation()));

    const std::string after = state_of(folder / "out");
    if (made) {
      EXPECT_EQ(after, "new\n");
    } else {
      EXPECT_EQ(made.error().code, Code::output);
      // Only where the failed sync of the parent could not be undone may the new output stand.
      const bool could_not_withdraw =
          made.error().hint.find("may not survive") != std::string::npos;
      EXPECT_FALSE(could_not_withdraw && kind == Break::once);
      EXPECT_EQ(after, could_not_withdraw ? "new\n" : before) << made.error().message;
    }
    const bool removal_works = kind != Break::for_ever;
    const bool removal_itself_broke = storage.broken_operation().starts_with("remove");
    if (removal_works && !removal_itself_broke) {
      EXPECT_EQ(names_in(folder.path()), after == "absent" ? Names{} : Names{"out"});
    }

    // Whatever is left, the next run goes through and leaves nothing but the output.
    storage.break_at(1, Break::never);
    ASSERT_TRUE(make_output(storage, request_for(folder / "out", after != "absent"), "next\n"));
    EXPECT_EQ(state_of(folder / "out"), "next\n");
    EXPECT_EQ(names_in(folder.path()), Names{"out"});
  }
  EXPECT_GT(broken, 25u);
}

INSTANTIATE_TEST_SUITE_P(Every, BrokenCommit,
                         ::testing::Combine(::testing::Values(Break::once, Break::for_ever,
                                                              Break::for_ever_but_removal),
                                            ::testing::Bool()));

}  // namespace
}  // namespace mrun
