// Readers: bad input classes, limits, changes while reading, and how long bytes stay in place.
#include "input/input_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
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
using ::testing::HasSubstr;

std::vector<std::string> texts_of(const std::vector<SeenRecord>& records) {
  std::vector<std::string> texts;
  for (const SeenRecord& record : records) texts.push_back(record.bytes);
  return texts;
}

class ReaderTest : public testing::Test {
 protected:
  std::string at(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string file(const std::string& text) const {
    write_file(at("file"), text);
    return at("file");
  }
  test_support::TempFolder folder_;
};

class InputReaderTest : public ReaderTest, public testing::WithParamInterface<IoMode> {};

INSTANTIATE_TEST_SUITE_P(Io, InputReaderTest,
                         testing::Values(IoMode::mmap, IoMode::pread, IoMode::automatic),
                         [](const auto& way) {
                           return way.param == IoMode::mmap    ? "mmap"
                                  : way.param == IoMode::pread ? "pread"
                                                               : "automatic";
                         });

TEST_P(InputReaderTest, HandsOutOddTextsAsTheyAre) {
  const std::string bom_16("\xff\xfe\x61\x00\x0a\x00", 6);
  for (const std::string& text :
       {std::string(), std::string("a"), std::string("\n"), std::string("\n\n\n"),
        std::string("a\r\nb\r\n"), std::string("\r"), std::string("a\rb"),
        std::string("\0\n\0\0\n", 5), std::string("\xc3\x28\n\xff"),
        std::string("\xef\xbb\xbf") + "a\n", bom_16}) {
    Reading reading({file(text)}, options_for(GetParam()));
    const auto seen = reading.all();
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_EQ(texts_of(*seen), texts_of(model_records(text, 0))) << testing::PrintToString(text);
    EXPECT_TRUE(reading.reader.check_unchanged());
  }
}

TEST_P(InputReaderTest, ReadsTheSameInEveryShapeOfSplitsAndBlocks) {
  for (std::uint64_t index = 0; index < test_support::scaled(150); ++index) {
    const std::uint64_t seed = test_support::case_seed(index);
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<std::string> paths;
    std::vector<SeenRecord> wanted;
    const std::uint64_t files = random.between(1, 4);
    for (std::uint32_t i = 0; i < files; ++i) {
      const std::string text = test_support::random_text(random, random.below(20000));
      paths.push_back(at("file" + std::to_string(i)));
      write_file(paths.back(), text);
      for (SeenRecord record : model_records(text, 0)) {
        record.file = i;
        wanted.push_back(record);
      }
    }
    ReaderOptions options = options_for(GetParam(), random.one_in(2));
    options.block_bytes = random.between(1, 5000);
    options.map_from_bytes = random.below(30000);
    options.inputs[0].line_numbers = true;
    Reading reading(paths, options, random.between(1, 30000));
    auto seen = reading.all();
    ASSERT_TRUE(seen) << seen.error().message;
    for (SeenRecord& record : *seen) record.split = 0;
    ASSERT_EQ(*seen, wanted);
    EXPECT_TRUE(reading.reader.check_unchanged());
  }
}

TEST_P(InputReaderTest, ReadsPagesAndBlocksThatEndWithARecordOrAByteBesideIt) {
  for (const std::size_t size : {std::size_t{4096}, std::size_t{65536}, kMiB, 2 * kMiB})
    for (const int beside : {-1, 0, 1}) {
      std::string text(size + static_cast<std::size_t>(beside + 1) - 1, 'a');
      for (std::size_t i = 99; i < text.size(); i += 100) text[i] = '\n';
      Reading reading({file(text)}, options_for(GetParam()), 300000);
      const auto seen = reading.all();
      ASSERT_TRUE(seen) << seen.error().message;
      EXPECT_EQ(texts_of(*seen), texts_of(model_records(text, 0)));
    }
}

TEST_P(InputReaderTest, KeepsChunksShortUnlessOneRecordIsLonger) {
  std::string text;
  Random random(test_support::test_seed());
  while (text.size() < 4 * kMiB) text += std::string(random.below(2000), 'a') + '\n';
  text.insert(text.size() / 2, std::string(3 * kMiB, 'b'));
  Reading reading({file(text)}, options_for(GetParam(), true), 16 * kMiB);
  const auto source = *reading.reader.open(reading.plan.splits[0]);
  std::uint64_t longer = 0;
  std::uint64_t at_offset = 0;
  for (;;) {
    RecordBatch batch;
    const auto has_batch = source->next(batch);
    ASSERT_TRUE(has_batch) << has_batch.error().message;
    if (!*has_batch) break;
    EXPECT_EQ(batch.offset, at_offset);
    EXPECT_EQ(batch.chunk.view(), std::string_view(text).substr(at_offset, batch.chunk.size));
    at_offset += batch.size_bytes;
    if (batch.size_bytes > kMiB) {
      ++longer;
      EXPECT_EQ(batch.record_count, 1u);
    }
  }
  EXPECT_EQ(at_offset, text.size());
  EXPECT_EQ(longer, 1u);
}

TEST_P(InputReaderTest, GivesLongRecordsToTheSplitTheyBeginIn) {
  const std::string text = "short\n" + std::string(5 * kMiB, 'x') + "\nlast";
  Reading reading({file(text)}, options_for(GetParam()), 100000);
  const auto seen = reading.all();
  ASSERT_TRUE(seen) << seen.error().message;
  ASSERT_EQ(seen->size(), 3u);
  EXPECT_EQ((*seen)[1].split, 0u);
  EXPECT_EQ((*seen)[1].bytes.size(), 5 * kMiB);
  EXPECT_EQ((*seen)[2].split, (text.size() - 4) / 100000);
}

TEST_P(InputReaderTest, RefusesAShortFixedRecordWithItsOffset) {
  Reading reading({file(std::string(1003, 'x'))}, fixed_options(GetParam(), 100));
  expect_failure(reading.all(), Code::input, "offset 1000: 3 bytes instead of 100");
}

TEST_P(InputReaderTest, LetsBytesBehindEverySliceBeRead) {
  for (const std::size_t size : std::vector<std::size_t>{1, 63, 64, 65, 4095, 4096, 4097, 8192}) {
    Reading reading({file(std::string(size, 'x'))}, options_for(GetParam()));
    const auto source = *reading.reader.open(reading.plan.splits[0]);
    RecordBatch batch;
    ASSERT_TRUE(*source->next(batch));
    ASSERT_EQ(batch.records.size(), 1u);
    volatile std::uint8_t sum = 0;
    for (std::size_t i = 0; i < 64; ++i)
      sum = static_cast<std::uint8_t>(sum + batch.records[0].data[size + i]);
  }
}

TEST_P(InputReaderTest, NoticesEveryChangeOfAFile) {
  const std::string text(600000, 'a');
  const auto replace = [&] {
    write_file(at("other"), text);
    std::filesystem::rename(at("other"), at("file"));
  };
  const std::vector<std::function<void()>> changes = {
      [&] { std::filesystem::resize_file(at("file"), 1000); },
      [&] { std::filesystem::resize_file(at("file"), 0); },
      [&] { std::filesystem::resize_file(at("file"), text.size() + 1); },
      [&] { write_file(at("file"), std::string(text.size(), 'b')); },
      [&] { std::filesystem::remove(at("file")); },
      replace,
  };
  for (std::size_t change = 0; change < changes.size(); ++change) {
    SCOPED_TRACE(change);
    for (const bool is_late : {false, true}) {
      Reading reading({file(text)}, options_for(GetParam()), 100000);
      if (is_late) {
        ASSERT_TRUE(reading.all());
      }
      changes[change]();
      if (!is_late) expect_failure(reading.all(), Code::input, "file'");
      expect_failure(reading.reader.check_unchanged(), Code::input,
                     "was changed, replaced or removed");
    }
  }
}

TEST_P(InputReaderTest, EndsSoonAfterAStop) {
  Reading reading({file(std::string(600000, '\n'))}, options_for(GetParam()), kMiB);
  const auto source = *reading.reader.open(reading.plan.splits[0]);
  RecordBatch batch;
  ASSERT_TRUE(*source->next(batch));
  reading.stop.stop(15);
  expect_failure(source->next(batch), Code::cancelled, "stopped");
}

TEST_P(InputReaderTest, GivesBackEveryByteItCharges) {
  Reading reading({file(std::string(3 * kMiB, '\n'))}, options_for(GetParam()), 500000);
  ASSERT_TRUE(reading.all());
  EXPECT_EQ(reading.budget.used_bytes(), 0u);
  EXPECT_LE(reading.budget.peak_bytes(), kMiB + kMiB / 4) << "a source holds more than about 1 MiB";
}

TEST_P(InputReaderTest, ServesManyThreads) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "line " + std::to_string(i) + "\n";
  ReaderOptions options = options_for(GetParam());
  options.inputs[0].line_numbers = true;
  Reading reading({file(text)}, options, 20000);
  std::vector<std::vector<SeenRecord>> by_split(reading.plan.splits.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < by_split.size(); i = next++) {
      const auto source = reading.reader.open(reading.plan.splits[i]);
      ASSERT_TRUE(source);
      ASSERT_TRUE(test_support::read_source(**source, options, 0, by_split[i]));
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  std::vector<SeenRecord> seen;
  for (const auto& records : by_split) seen.insert(seen.end(), records.begin(), records.end());
  EXPECT_EQ(seen, model_records(text, 0));
}

TEST_F(ReaderTest, KeepsMappedBytesForAsLongAsAnOwnerLives) {
  const std::string text(600000, 'a');
  std::shared_ptr<const void> owner;
  Slice kept;
  {
    Reading reading({file(text)}, options_for(IoMode::automatic));
    {
      const auto source = *reading.reader.open(reading.plan.splits[0]);
      RecordBatch batch;
      ASSERT_TRUE(*source->next(batch));
      ASSERT_NE(batch.owner, nullptr);
      owner = batch.owner;
      kept = batch.records[0];
    }
    EXPECT_EQ(kept.view(), text);
  }
  EXPECT_EQ(kept.view(), text);
}

TEST_F(ReaderTest, NamesAFileThatIsCutUnderALateGather) {
  Reading reading({file(std::string(600000, 'a'))}, options_for(IoMode::mmap));
  const auto source = *reading.reader.open(reading.plan.splits[0]);
  RecordBatch batch;
  ASSERT_TRUE(*source->next(batch));
  std::filesystem::resize_file(at("file"), 4096);
  const volatile std::uint8_t* bytes = batch.records[0].data;
  EXPECT_EQ(bytes[0], 'a');
  EXPECT_EQ(bytes[500000], 0) << "a page beyond the end reads as zeros";
  expect_failure(source->next(batch), Code::input, "could not be read to its end");
  expect_failure(reading.reader.check_unchanged(), Code::input, "file'");
}

TEST_F(ReaderTest, ReadsSmallFilesInsteadOfMappingThem) {
  Reading reading({file(std::string(200000, '\n'))}, options_for(IoMode::automatic));
  const auto source = *reading.reader.open(reading.plan.splits[0]);
  RecordBatch batch;
  ASSERT_TRUE(*source->next(batch));
  EXPECT_EQ(batch.owner, nullptr);
}

TEST_F(ReaderTest, RefusesARecordThatNeedsMoreThanAQuarterOfTheBudget) {
  const std::string path = file("short\n" + std::string(10 * kMiB, 'x'));
  Reading read({path}, options_for(IoMode::pread), 64 * kMiB, 32 * kMiB);
  const auto failed = read.all();
  expect_failure(failed, Code::limit, "the record at offset 6 ");
  EXPECT_THAT(failed.error().hint, HasSubstr("--io mmap"));
  Reading mapped({path}, options_for(IoMode::mmap), 64 * kMiB, 32 * kMiB);
  EXPECT_TRUE(mapped.all());
  Reading fixed({path}, fixed_options(IoMode::pread, 10 * kMiB + 6), 64 * kMiB, 32 * kMiB);
  expect_failure(fixed.all(), Code::limit, "10 MiB long");
}

TEST_F(ReaderTest, ReadsHolesAsZeros) {
  const std::string path = file("a\n");
  std::filesystem::resize_file(path, 50 * kMiB);
  Reading reading({path}, options_for(IoMode::automatic), 3 * kMiB);
  const auto seen = reading.all();
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->size(), 2u);
  EXPECT_EQ((*seen)[1].bytes, std::string(50 * kMiB - 2, '\0'));
}

}  // namespace
}  // namespace mrun
