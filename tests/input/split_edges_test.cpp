// Split edges are exact (promise P10).
//
// Goal: wherever a split or a buffer ends, every record is seen once, whole, by the split in which
// it begins. Method: every string of up to eight bytes over {a, CR, LF, NUL}, cut by every split
// size, with every block size. The sources of blocks are judged by arithmetic, so that all strings
// take seconds; those that cost system calls get all of up to six bytes, and of up to eight those
// of {a, LF} (all with `-L long`). What stands above them (batches, line numbers, the choice of a
// source) only looks at LF, so there every pattern of LFs is tried in every way of reading, against
// a model that goes byte by byte.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "input/file_identity.hpp"
#include "input/mapped_blocks.hpp"
#include "input/memory_blocks.hpp"
#include "input/pread_blocks.hpp"
#include "input/reading.hpp"
#include "input/stream_splitter.hpp"
#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::model_records;
using test_support::read_all;
using test_support::scaled;
using test_support::SeenRecord;

constexpr std::size_t kLongest = 8;
constexpr std::string_view kAlphabet("a\r\n\0", 4);

/// One way of reading.
struct Way {
  IoMode io;
  std::size_t block_bytes;
  bool chunks;
  bool stream = false;
};

/// A file in memory whose contents change without being made anew: a quarter of a million strings
/// pass by.
class ChangingFile {
 public:
  ChangingFile()
      : fd_(::memfd_create("text", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(fd_)) {}
  ~ChangingFile() { ::close(fd_); }
  ChangingFile(const ChangingFile&) = delete;
  ChangingFile& operator=(const ChangingFile&) = delete;

  InputFile set(std::string_view text, bool stream) {
    EXPECT_EQ(::ftruncate(fd_, 0), 0);
    EXPECT_EQ(::pwrite(fd_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    if (stream) return {path_, path_, 0, 0, true, {}};
    return {path_, path_, 0, 0, false, identity_of(*descriptor_info(fd_, path_, Code::input))};
  }

 private:
  int fd_;
  std::string path_;
};

/// Splits of `split_bytes` each; the product's planner would join small ones.
SplitPlan cut_evenly(std::uint64_t size_bytes, std::uint64_t split_bytes, bool stream) {
  SplitPlan plan{{}, split_bytes};
  if (stream) {
    plan.splits.push_back({{{0, 0, 0}}, true});
    return plan;
  }
  for (std::uint64_t begin = 0; begin < size_bytes; begin += split_bytes)
    plan.splits.push_back({{{0, begin, std::min(begin + split_bytes, size_bytes)}}, false});
  return plan;
}

std::vector<SeenRecord> expected(std::string_view text, std::uint32_t fixed_bytes,
                                 std::uint64_t split_bytes, bool line_numbers) {
  std::vector<SeenRecord> records = model_records(text, fixed_bytes);
  for (SeenRecord& record : records) {
    record.split = record.offset / split_bytes;
    if (!line_numbers) record.line = 0;
  }
  return records;
}

void check_way(const InputList& list, std::string_view text, std::uint64_t split_bytes,
               const Way& way, RecordFormat format, bool line_numbers) {
  ReaderOptions options;
  options.inputs[0].format = format;
  options.io = way.io;
  options.inputs[0].chunks = way.chunks;
  options.inputs[0].line_numbers = line_numbers;
  options.block_bytes = way.block_bytes;
  MemoryBudget budget(std::size_t{64} << 20);
  StopFlag stop;
  const SplitPlan plan = cut_evenly(text.size(), split_bytes, way.stream);
  InputReader reader(list, plan, options, budget, stop);
  Result<std::vector<SeenRecord>> seen = read_all(reader, plan, options);
  ASSERT_TRUE(seen) << seen.error().message;
  std::vector<SeenRecord> wanted = expected(text, format.fixed_bytes, split_bytes, line_numbers);
  if (way.stream) {
    // A stream is cut where records end, so that which piece holds a record is another question.
    for (SeenRecord& record : *seen) record.split = 0;
    for (SeenRecord& record : wanted) record.split = 0;
  }
  ASSERT_EQ(*seen, wanted) << "text " << testing::PrintToString(std::string(text)) << ", splits of "
                           << split_bytes << ", blocks of " << way.block_bytes << ", chunks "
                           << way.chunks << ", stream " << way.stream << ", mapped "
                           << (way.io == IoMode::mmap);
}

/// Calls `check` with every string of `length` letters.
template <typename Check>
void for_each_text(std::string_view alphabet, std::size_t length, Check check) {
  std::string text(length, alphabet[0]);
  std::vector<std::size_t> digits(length, 0);
  for (;;) {
    check(text);
    if (testing::Test::HasFatalFailure()) return;
    std::size_t i = 0;
    while (i < length && digits[i] + 1 == alphabet.size()) {
      digits[i] = 0;
      text[i++] = alphabet[0];
    }
    if (i == length) return;
    text[i] = alphabet[++digits[i]];
  }
}

class SplitEdges : public testing::Test {
 protected:
  void check(std::string_view alphabet, const std::vector<Way>& ways, bool line_numbers) {
    for (std::size_t length = 0; length <= kLongest; ++length)
      for_each_text(alphabet, length, [&](const std::string& text) {
        for (const bool stream : {false, true}) {
          InputList list;
          list.files.push_back(file_.set(text, stream));
          for (const Way& way : ways)
            for (std::uint64_t split = 1; split <= std::max<std::size_t>(length, 1); ++split)
              if (way.stream == stream) {
                ASSERT_NO_FATAL_FAILURE(check_way(list, text, split, way, {}, line_numbers));
              }
        }
      });
  }

  ChangingFile file_;
};

/// Where the first record at or after `offset` begins; the text's size where none does.
std::uint64_t record_begin(std::string_view text, std::uint64_t offset) {
  while (offset > 0 && offset < text.size() && text[offset - 1] != '\n') ++offset;
  return std::min<std::uint64_t>(offset, text.size());
}

/// Reads a source to its end: it must hand out [begin, end) of the text, in blocks of whole
/// records.
void check_blocks(BlockSource& source, std::string_view text, std::uint64_t begin,
                  std::uint64_t end, std::size_t block_bytes) {
  std::uint64_t at = begin;
  for (Block block;;) {
    const Result<bool> has_block = source.next(block);
    ASSERT_TRUE(has_block) << has_block.error().message;
    if (!*has_block) break;
    ASSERT_EQ(block.offset, at);
    ASSERT_EQ(block.bytes.view(), text.substr(at, block.bytes.size));
    ASSERT_GT(block.bytes.size, 0u);
    at += block.bytes.size;
    ASSERT_EQ(record_begin(text, at), at) << "a record is cut";
    const bool is_one_record = record_begin(text, block.offset + 1) == at;
    ASSERT_TRUE(block.bytes.size <= block_bytes || is_one_record) << "the block is too long";
  }
  ASSERT_EQ(at, end);
}

/// Calls `open` for every split of every size, and checks what the source it returns hands out.
template <typename Open>
void check_ranges(std::string_view text, std::size_t block_bytes, Open open) {
  for (std::uint64_t split = 1; split <= text.size(); ++split)
    for (std::uint64_t begin = 0; begin < text.size(); begin += split) {
      const SplitRange range{0, begin, std::min<std::uint64_t>(begin + split, text.size())};
      const std::unique_ptr<BlockSource> source = open(range);
      const std::uint64_t first =
          std::min(record_begin(text, range.begin), record_begin(text, range.end));
      ASSERT_NO_FATAL_FAILURE(
          check_blocks(*source, text, first, record_begin(text, range.end), block_bytes))
          << testing::PrintToString(std::string(text)) << ", range " << range.begin << " to "
          << range.end << ", blocks of " << block_bytes;
    }
}

template <typename Check>
void for_all_texts(std::string_view alphabet, std::size_t longest, Check check) {
  for (std::size_t length = 1; length <= longest; ++length) {
    for_each_text(alphabet, length, check);
    if (testing::Test::HasFatalFailure()) return;
  }
}

/// Up to what length there are no more than about `count` texts of the alphabet, at usual scale.
std::size_t longest_of(std::uint64_t count) {
  std::size_t longest = 0;
  for (std::uint64_t left = scaled(count); left >= kAlphabet.size(); left /= kAlphabet.size())
    ++longest;
  return longest;
}
constexpr std::uint64_t kTextsOfEight = 1 << 16, kTextsOfSix = 1 << 12;

/// For sources that cost system calls.
template <typename Check>
void for_enough_texts(Check check) {
  for_all_texts("a\n", kLongest, check);
  for_all_texts(kAlphabet, longest_of(kTextsOfSix), check);
}

TEST_F(SplitEdges, AreExactForEveryTextMapped) {
  for_all_texts(kAlphabet, longest_of(kTextsOfEight), [&](const std::string& text) {
    const InputFile file = file_.set(text, false);
    const std::shared_ptr<const MappedFile> mapped =
        *MappedFile::open(file.path, MappedFile::Reading::once);
    for (std::size_t block = 1; block <= kLongest; ++block) {
      const BlockRules rules{RecordCutter({}), block};
      ASSERT_NO_FATAL_FAILURE(check_ranges(text, block, [&](const SplitRange& range) {
        return make_mapped_blocks(mapped, range, rules);
      }));
    }
  });
}

TEST_F(SplitEdges, AreExactForEveryTextReadThroughABuffer) {
  MemoryBudget budget(std::size_t{1} << 20);
  for_enough_texts([&](const std::string& text) {
    const InputFile file = file_.set(text, false);
    for (const std::size_t block : {std::size_t{1}, std::size_t{3}}) {
      WindowBuffer buffer(budget);
      const BlockRules rules{RecordCutter({}), block};
      ASSERT_NO_FATAL_FAILURE(check_ranges(text, block, [&](const SplitRange& range) {
        return *make_pread_blocks(*ReadFile::open(file.path, Code::input), range, rules, buffer);
      }));
    }
  });
}

TEST_F(SplitEdges, AreExactForEveryTextStreamed) {
  MemoryBudget budget(std::size_t{1} << 20);
  const StopFlag stop;
  for_enough_texts([&](const std::string& text) {
    const InputFile file = file_.set(text, true);
    for (std::size_t piece_bytes = 1; piece_bytes <= text.size(); ++piece_bytes) {
      StreamSplitter splitter(file.path, RecordRules{}, piece_bytes, 0, budget, stop);
      std::uint64_t at = 0;
      for (;;) {
        const auto piece = splitter.next();
        ASSERT_TRUE(piece) << piece.error().message;
        if (!*piece) break;
        const StreamPiece& got = **piece;
        ASSERT_EQ(got.offset, at);
        const std::uint64_t end = at + got.bytes.size();
        for (std::size_t block = 1; block <= text.size(); ++block) {
          MemoryBlocks blocks({got.bytes.data(), got.bytes.size(), got.offset, true},
                              {RecordCutter({}), block});
          ASSERT_NO_FATAL_FAILURE(check_blocks(blocks, text, at, end, block))
              << testing::PrintToString(text) << ", pieces of " << piece_bytes << ", blocks of "
              << block;
        }
        at = end;
      }
      ASSERT_EQ(at, text.size());
    }
  });
}

TEST_F(SplitEdges, AreExactInEveryWay) {
  std::vector<Way> ways;
  for (const bool chunks : {false, true})
    for (const std::size_t block :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{6}, kLongest + 1}) {
      ways.push_back({IoMode::mmap, block, chunks});
      ways.push_back({IoMode::pread, block, chunks});
      ways.push_back({IoMode::automatic, block, chunks, true});
    }
  check("a\n", ways, false);
}

TEST_F(SplitEdges, AreExactWithLineNumbers) {
  std::vector<Way> ways;
  for (const bool chunks : {false, true}) {
    ways.push_back({IoMode::mmap, 3, chunks});
    ways.push_back({IoMode::pread, 2, chunks});
    ways.push_back({IoMode::automatic, 3, chunks, true});
  }
  check("a\n", ways, true);
}

TEST_F(SplitEdges, AreExactForFixedRecords) {
  for (std::uint32_t fixed = 1; fixed <= 5; ++fixed)
    for (std::uint32_t count = 0; count <= 6; ++count) {
      std::string text;
      for (std::uint32_t i = 0; i < fixed * count; ++i)
        text += i % 3 == 0 ? '\n' : static_cast<char>('a' + i % 26);
      for (const bool stream : {false, true}) {
        InputList list;
        list.files.push_back(file_.set(text, stream));
        for (std::uint64_t split = 1; split <= text.size() + 1; ++split)
          for (std::size_t block = 1; block <= 12; ++block)
            for (const bool chunks : {false, true})
              for (const IoMode io : {IoMode::mmap, IoMode::pread})
                ASSERT_NO_FATAL_FAILURE(check_way(list, text, split, {io, block, chunks, stream},
                                                  {RecordFormat::Kind::fixed, fixed}, chunks));
      }
    }
}

}  // namespace
}  // namespace mrun
