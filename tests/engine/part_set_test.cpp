// Goal: part files hold their pieces in order, whoever writes when, and one that fails lets nobody
// wait for ever. Method: pieces from plain threads and in shuffled orders.
#include "engine/part_set.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "engine/in_process_job.hpp"
#include "support/executors.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

using test_support::OrderedExecutor;
using test_support::slice_of;
using test_support::TempFolder;
using test_support::ThreadExecutor;

std::string piece_text(std::size_t part, std::size_t piece, const char* output) {
  return std::string(output) + std::to_string(part) + "." + std::to_string(piece) + "\n";
}

class PartSetTest : public testing::Test {
 protected:
  PartSet::Setup setup(std::uint32_t parts, std::vector<std::string> sides = {}) {
    return {*storage_, folder_.path(), std::move(sides), parts, budget_, stop_, false};
  }
  std::string read(const std::string& name) const {
    return test_support::read_file(folder_ / name);
  }

  const TempFolder folder_;
  const std::unique_ptr<Storage> storage_ = make_disk_storage();
  MemoryBudget budget_{std::size_t{16} << 20};
  StopFlag stop_;
};

Result<void> write_piece(PartSet& parts, std::uint32_t part, std::size_t piece) {
  MRUN_TRY_ASSIGN(TaskPieces pieces, parts.open(part, piece));
  pieces.main().append(slice_of(piece_text(part, piece, "main")));
  pieces.main().count_records(1);
  if (pieces.writers().size() > 1 && piece % 2 == 0)
    pieces.writers()[1].append(slice_of(piece_text(part, piece, "side")));
  MRUN_TRY(pieces.status());
  MRUN_TRY(pieces.close());
  return parts.done(part);
}

constexpr std::uint32_t kParts = 3;
constexpr std::size_t kPieces = 40;

void write_all(PartSet& parts, Executor& executor) {
  for (std::uint32_t part = 0; part < kParts; ++part) parts.expect(part, kPieces);
  executor.for_each_index(kParts * kPieces, [&](std::size_t i) {
    const auto written = write_piece(parts, static_cast<std::uint32_t>(i / kPieces), i % kPieces);
    EXPECT_TRUE(written) << written.error().message;
  });
}

std::string expected_part(std::size_t part, const char* output, std::size_t step) {
  std::string text;
  for (std::size_t piece = 0; piece < kPieces; piece += step)
    text += piece_text(part, piece, output);
  return text;
}

TEST_F(PartSetTest, WritesPiecesInOrderFromAnyThread) {
  PartSet parts(setup(kParts, {"rejected"}));
  ThreadExecutor executor(4);
  write_all(parts, executor);
  const auto infos = parts.finish();
  ASSERT_TRUE(infos);
  ASSERT_EQ(infos->size(), 2 * kParts);
  for (std::size_t part = 0; part < kParts; ++part) {
    const PartInfo& main = (*infos)[part];
    EXPECT_EQ(main.name, "part-0000" + std::to_string(part));
    EXPECT_EQ(main.records, kPieces);
    EXPECT_EQ(read(main.name), expected_part(part, "main", 1));
    EXPECT_EQ(main.size_bytes, read(main.name).size());
    const PartInfo& side = (*infos)[kParts + part];
    EXPECT_EQ(side.name, "rejected-0000" + std::to_string(part));
    EXPECT_EQ(side.side_output, "rejected");
    EXPECT_EQ(read(side.name), expected_part(part, "side", 2));
  }
}

TEST_F(PartSetTest, WritesPiecesInOrderInAnyOrderOfWork) {
  // Small pieces are put aside, so that no body waits.
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    const TempFolder folder;
    PartSet parts({*storage_, folder.path(), {}, kParts, budget_, stop_, false});
    OrderedExecutor executor(OrderedExecutor::Order::shuffled, seed);
    write_all(parts, executor);
    ASSERT_TRUE(parts.finish());
    for (std::size_t part = 0; part < kParts; ++part)
      EXPECT_EQ(test_support::read_file(folder / ("part-0000" + std::to_string(part))),
                expected_part(part, "main", 1));
  }
}

TEST_F(PartSetTest, MakesPartsThatNothingWasWrittenTo) {
  PartSet parts(setup(4, {"side"}));
  parts.expect(2, 1);
  ASSERT_TRUE(write_piece(parts, 2, 0));
  const auto infos = parts.finish();
  ASSERT_TRUE(infos);
  EXPECT_EQ(infos->size(), 8u);
  EXPECT_EQ(test_support::read_tree(folder_.path()).size(), 8u);
  EXPECT_EQ(read("part-00000"), "");
  EXPECT_EQ(read("part-00002"), "main2.0\n");
}

TEST_F(PartSetTest, HoldsAPartOpenForPiecesToCome) {
  PartSet parts(setup(1));
  parts.hold(0);
  for (std::size_t piece = 0; piece < 5; ++piece) {
    parts.expect(0, 1);
    ASSERT_TRUE(write_piece(parts, 0, piece));
  }
  ASSERT_TRUE(parts.done(0));
  const auto infos = parts.finish();
  ASSERT_TRUE(infos);
  EXPECT_EQ(infos->front().records, 5u);
}

TEST_F(PartSetTest, AHeldPartWithoutPiecesIsEmpty) {
  PartSet parts(setup(1));
  parts.hold(0);
  ASSERT_TRUE(parts.done(0));
  ASSERT_TRUE(parts.finish());
  EXPECT_EQ(read("part-00000"), "");
}

// The later piece is larger than all that may be put aside, so it waits for the one that is lost.
TEST_F(PartSetTest, APieceThatIsGivenUpWakesWhoWaitsForIt) {
  PartSet parts(setup(1));
  parts.expect(0, 2);
  auto first = parts.open(0, 0);
  ASSERT_TRUE(first);
  Result<void> outcome;
  std::thread waiter([&] {
    auto second = parts.open(0, 1);
    const std::string much(std::size_t{1} << 20, 'x');
    for (int i = 0; i < 40; ++i) second->main().append(slice_of(much));
    outcome = second->close();
    if (outcome) outcome = second->status();
  });
  { const TaskPieces given_up = *std::move(first); }
  waiter.join();
  EXPECT_FALSE(outcome);
}

TEST_F(PartSetTest, AStopWakesWhoWaits) {
  PartSet parts(setup(1));
  parts.expect(0, 2);
  auto first = parts.open(0, 0);
  ASSERT_TRUE(first);
  Result<void> outcome;
  std::thread waiter([&] {
    auto second = parts.open(0, 1);
    const std::string much(std::size_t{1} << 20, 'x');
    for (int i = 0; i < 40; ++i) second->main().append(slice_of(much));
    outcome = second->close();
  });
  stop_.stop(15);
  waiter.join();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::cancelled);
}

TEST_F(PartSetTest, APieceThatIsGivenUpMakesNoFileAndWakesThoseThatWait) {
  PartSet parts(setup(2, {}));
  parts.expect(0, 2);
  parts.expect(1, 2);
  parts.give_up(0, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "part-00000"));
  // Once before the part has a file, once after.
  auto waiting = parts.open(1, 1);
  ASSERT_TRUE(waiting);
  parts.give_up(1, 0);
  EXPECT_EQ(waiting->status().error().code, Code::cancelled);
  auto late = parts.open(0, 1);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->status().error().code, Code::cancelled);
}

}  // namespace
}  // namespace mrun
