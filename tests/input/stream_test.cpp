// Streams: bytes that arrive in order are cut at record ends, by any number of threads.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include "input/reading.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::expect_failure;
using test_support::fixed_options;
using test_support::kMiB;
using test_support::model_records;
using test_support::options_for;
using test_support::Random;
using test_support::Reading;
using test_support::SeenRecord;
using test_support::write_file;

class StreamTest : public testing::Test {
 protected:
  std::string at(const std::string& name) const { return folder_.path() + "/" + name; }
  test_support::TempFolder folder_;
};

TEST_F(StreamTest, ReadsAFifoInSplitsThatEndWithRecords) {
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  std::string text;
  Random random(test_support::test_seed());
  while (text.size() < 2 * kMiB) text += std::string(random.below(300), 'a') + '\n';
  text += "no end";
  std::thread writer([&] { write_file(at("fifo"), text); });
  ReaderOptions options = options_for(IoMode::automatic);
  options.inputs[0].line_numbers = true;
  Reading reading({at("fifo")}, options, 200000);
  auto seen = reading.all();
  writer.join();
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_GT(seen->back().split, 8u);
  for (SeenRecord& record : *seen) record.split = 0;
  EXPECT_EQ(*seen, model_records(text, 0));
  EXPECT_EQ(reading.budget.used_bytes(), 0u);
}

TEST_F(StreamTest, CutsAStreamAmongThreadsInOrder) {
  std::string text;
  for (int i = 0; i < 200000; ++i) text += "line " + std::to_string(i) + "\n";
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  std::thread writer([&] { write_file(at("fifo"), text); });
  const ReaderOptions options = options_for(IoMode::automatic, true);
  Reading reading({at("fifo")}, options, 100000);
  std::mutex mutex;
  std::map<std::uint64_t, std::vector<SeenRecord>> pieces;
  const auto work = [&] {
    for (;;) {
      auto piece = reading.reader.next_of_stream(reading.plan.splits[0]);
      ASSERT_TRUE(piece) << piece.error().message;
      if (!*piece) return;
      std::vector<SeenRecord> records;
      ASSERT_TRUE(test_support::read_source(*(*piece)->source, options, 0, records));
      const std::lock_guard lock(mutex);
      EXPECT_TRUE(pieces.emplace((*piece)->ordinal, std::move(records)).second);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  writer.join();
  std::string seen;
  std::uint64_t ordinal = 0;
  for (const auto& [number, records] : pieces) {
    EXPECT_EQ(number, ordinal++);
    for (const SeenRecord& record : records) seen += record.bytes + "\n";
  }
  EXPECT_EQ(seen, text);
}

TEST_F(StreamTest, RefusesAStreamThatEndsWithAShortFixedRecord) {
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  std::thread writer([&] { write_file(at("fifo"), std::string(100005, 'x')); });
  Reading reading({at("fifo")}, fixed_options(IoMode::automatic, 100));
  const auto seen = reading.all();
  writer.join();
  expect_failure(seen, Code::input, "offset 100000: 5 bytes instead of 100");
}

TEST_F(StreamTest, LeavesAStreamWithoutAWriterWhenStopped) {
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  Reading reading({at("fifo")}, options_for(IoMode::automatic));
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    reading.stop.stop(2);
  });
  const auto seen = reading.all();
  stopper.join();
  expect_failure(seen, Code::cancelled, "stopped");
}

TEST_F(StreamTest, ReadsFilesOfProcWhoseSizeReadsZero) {
  Reading reading({"/proc/self/status", "/dev/null"}, options_for(IoMode::automatic));
  const auto seen = reading.all();
  ASSERT_TRUE(seen) << seen.error().message;
  ASSERT_FALSE(seen->empty());
  EXPECT_THAT((*seen)[0].bytes, testing::HasSubstr("Name:"));
}

TEST_F(StreamTest, RefusesAStreamRecordThatNeedsMoreThanAQuarterOfTheBudget) {
  // A file that says it is a stream: a FIFO's writer would wait for ever once the reader gave up.
  write_file(at("file"), "short\n" + std::string(10 * kMiB, 'x') + "\n");
  InputList list;
  list.files.push_back({"in", at("file"), 0, 0, true, {}});
  const SplitPlan plan = plan_splits(list, kMiB, test_support::kLines);
  MemoryBudget budget(32 * kMiB);
  StopFlag stop;
  const ReaderOptions options = options_for(IoMode::automatic);
  InputReader reader(list, plan, options, budget, stop);
  expect_failure(test_support::read_all(reader, plan, options), Code::limit, "record at offset ");
}

}  // namespace
}  // namespace mrun
