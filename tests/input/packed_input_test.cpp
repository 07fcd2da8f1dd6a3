// Goal: a compressed file read in parts, by any number of threads, in any memory, gives the records
// of its text with their offsets and numbers, and where it is damaged the failure of one that reads
// it from its beginning (P2, P10, P21). Method: random texts in streams and blocks of any size,
// down to some bytes, against a model; files whose contents look like compressed files themselves;
// every few truncations and flipped bits.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "base/size_text.hpp"
#include "codec/unit_search.hpp"
#include "input/decoded_bytes.hpp"
#include "input/packing.hpp"
#include "input/reading.hpp"
#include "os/read_file.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr Compression kAll[] = {Compression::gzip, Compression::zstd, Compression::lz4,
                                Compression::bzip2, Compression::xz};

/// How a file is read.
struct Way {
  unsigned threads = 1;
  std::uint64_t split_bytes = 4096;
  std::size_t text_bytes = std::size_t{4} << 20;
  std::size_t budget_bytes = 128 * kMiB;
  RecordRules rules = {};
};

std::ostream& operator<<(std::ostream& out, const Way& way) {
  return out << way.threads << " threads, splits of " << way.split_bytes << ", text of "
             << way.text_bytes << ", budget " << size_text(way.budget_bytes);
}

/// All records of a file that is cut, by the threads of `way`; the failure of the lowest split.
Result<std::vector<SeenRecord>> read_packed(const std::string& path, const Way& way) {
  MemoryBudget budget(way.budget_bytes);
  StopFlag stop;
  InputList list = *list_inputs(input_arguments({path}));
  EXPECT_TRUE(find_compressed(list));
  ReaderOptions options;
  options.inputs[0] = way.rules;
  options.decoder_bytes_most = std::size_t{12} << 20;
  options.text_bytes_most = way.text_bytes;
  const SplitPlan plan =
      plan_splits(list, way.split_bytes, std::vector<RecordFormat>{way.rules.format});
  InputReader reader(list, plan, options, budget, stop);
  std::vector<std::vector<SeenRecord>> records(plan.splits.size());
  std::vector<Result<void>> results(plan.splits.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t split; (split = next.fetch_add(1)) < plan.splits.size();) {
      results[split] = [&]() -> Result<void> {
        MRUN_TRY_ASSIGN(const auto source, reader.open(plan.splits[split]));
        return read_source(*source, options, 0, records[split]);
      }();
      if (!results[split]) reader.give_up(plan.splits[split]);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < way.threads; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  std::vector<SeenRecord> all;
  for (std::size_t split = 0; split < plan.splits.size(); ++split) {
    MRUN_TRY(std::move(results[split]));
    for (SeenRecord& record : records[split]) all.push_back(std::move(record));
  }
  return all;
}

/// Lines, now and then longer than a part's text.
std::string random_lines(Random& random, std::size_t size) {
  const std::uint64_t letters = random.one_in(2) ? 3 : 200;
  const std::uint64_t longest = random.pick<std::uint64_t>({2, 40, 300, 60'000});
  std::string text;
  while (text.size() < size) {
    for (std::uint64_t left = random.below(longest); left > 0; --left)
      text += static_cast<char>(' ' + random.below(letters));
    text += '\n';
  }
  if (random.one_in(2)) text += "no end";
  return text;
}

Way random_way(Random& random) {
  Way way;
  way.threads = random.pick<unsigned>({1, 2, 8});
  way.split_bytes = random.pick<std::uint64_t>({4096, 9999, 50'000});
  way.text_bytes = random.pick<std::size_t>({std::size_t{128} << 10, std::size_t{4} << 20});
  way.budget_bytes = random.one_in(3) ? std::size_t{20 + 16 * way.threads} << 20 : 256 * kMiB;
  way.rules.line_numbers = random.one_in(2);
  return way;
}

class PackedInput : public testing::Test {
 protected:
  std::string write(const std::string& bytes) const {
    write_file(folder_ / "packed", bytes);
    return folder_ / "packed";
  }

  void expect_lines(const std::string& packed, const std::string& text, const Way& way) {
    const auto seen = read_packed(write(packed), way);
    ASSERT_TRUE(seen) << way << ": " << seen.error().message;
    std::vector<SeenRecord> wanted = model_records(text, 0);
    if (!way.rules.line_numbers)
      for (SeenRecord& record : wanted) record.line = 0;
    ASSERT_EQ(seen->size(), wanted.size()) << way;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      ASSERT_TRUE((*seen)[i] == wanted[i]) << way << ", record " << i;
  }

  TempFolder folder_;
};

TEST_F(PackedInput, GivesTheRecordsOfItsTextInAnyParts) {
  for (const Compression compression : kAll)
    for (std::uint64_t round = 0; round < scaled(8); ++round) {
      Random random(case_seed(round));
      SCOPED_TRACE(testing::Message() << compression_name(compression) << ' ' << case_seed(round));
      const std::string text = random_lines(random, 80'000);
      const std::size_t stream = random.pick<std::size_t>({700, 9000, 100'000, SIZE_MAX});
      const std::size_t block = random.pick<std::size_t>({1000, 8192, 70'000});
      const std::string packed = packed_streams(compression, text, stream, block);
      for (int way = 0; way < 2; ++way) expect_lines(packed, text, random_way(random));
      if (HasFatalFailure()) return;
    }
}

TEST_F(PackedInput, PassesEmptyStreams) {
  for (const Compression compression : kAll) {
    SCOPED_TRACE(compression_name(compression));
    Random random(test_seed());
    const std::string empty = packed_stream(compression, "", 1000);
    std::string text, packed = empty;
    for (int i = 0; i < 200; ++i) {
      const std::string more = random_lines(random, random.below(2000));
      text += more;
      packed += packed_stream(compression, more, 1000);
      for (std::uint64_t count = random.below(3); count > 0; --count) packed += empty;
    }
    for (int way = 0; way < 3; ++way) expect_lines(packed, text, random_way(random));
  }
}

std::size_t units_in(Compression compression, const std::string& packed) {
  const auto bytes = std::as_bytes(std::span(packed.data(), packed.size()));
  std::size_t count = 0;
  for (std::size_t at = 0; at < packed.size(); ++count) {
    const auto unit = find_unit(compression, bytes.subspan(at), packed.size() - at, at);
    if (!unit) break;
    at = static_cast<std::size_t>(*unit / 8) + 1;
  }
  return count;
}

// What cannot be compressed stands in a file as it is, and here it is full of units.
TEST_F(PackedInput, IsNotMisledByContentsThatLookLikeUnits) {
  for (const Compression compression : {Compression::gzip, Compression::zstd, Compression::lz4}) {
    SCOPED_TRACE(compression_name(compression));
    Random random(test_seed());
    std::string text;
    while (text.size() < 300'000) {
      std::string noise(random.between(8000, 30'000), ' ');
      for (char& c : noise) c = static_cast<char>(random.below(256));
      text += packed_stream(compression, noise, 1000);
    }
    for (const std::size_t stream : {std::size_t{30'000}, SIZE_MAX}) {
      const std::string packed = packed_streams(compression, text, stream, 200'000);
      if (stream == SIZE_MAX) {
        EXPECT_GT(units_in(compression, packed), 4u) << "it holds no units but its own";
      }
      for (int way = 0; way < 4; ++way) expect_lines(packed, text, random_way(random));
    }
  }
}

// The frames that programs put between those of a file may hold frames themselves.
TEST_F(PackedInput, PassesFramesThatAreToBeSkipped) {
  for (const Compression compression : {Compression::zstd, Compression::lz4}) {
    SCOPED_TRACE(compression_name(compression));
    Random random(test_seed());
    const std::string inner = packed_stream(compression, "not of the text\n", 1000);
    std::string text, packed;
    for (int i = 0; i < 60; ++i) {
      for (std::uint64_t count = random.below(3); count > 0; --count) {
        std::string held = random.one_in(2) ? inner : std::string(random.below(9000), '\0');
        if (random.one_in(3)) held += inner + std::string(random.below(5), 'x');
        const auto size = static_cast<std::uint32_t>(held.size());
        packed += {static_cast<char>(0x50 + random.below(16)), 0x2a, 0x4d, 0x18};
        for (unsigned shift = 0; shift < 32; shift += 8)
          packed += static_cast<char>(size >> shift & 0xff);
        packed += held;
      }
      const std::string more = random_lines(random, random.below(9000));
      text += more;
      packed += packed_stream(compression, more, 1000);
    }
    for (int way = 0; way < 6; ++way) expect_lines(packed, text, random_way(random));
  }
}

// Blocks of lz4's legacy format are found by their sizes, up to the first frame of another format.
TEST_F(PackedInput, GivesTheRecordsOfLegacyBlocksInAnyParts) {
  for (std::uint64_t round = 0; round < scaled(12); ++round) {
    Random random(case_seed(round));
    SCOPED_TRACE(case_seed(round));
    std::string text, packed;
    for (std::uint64_t frames = random.between(1, 4); frames > 0; --frames) {
      const std::string more = random_lines(random, random.below(80'000));
      text += more;
      packed += !packed.empty() && random.one_in(3)
                    ? packed_streams(Compression::lz4, more, 9000, 1000)
                    : legacy_frame(more, random.pick<std::size_t>({700, 9000, 100'000}));
      if (random.one_in(3)) packed += std::string("\x51\x2a\x4d\x18\x05\0\0\0other", 13);
    }
    for (int way = 0; way < 3; ++way) expect_lines(packed, text, random_way(random));
    if (HasFatalFailure()) return;
  }
}

// bgzip says in each member how long it is. Nothing may rest on that, for it can be wrong.
TEST_F(PackedInput, DoesNotTrustTheSizesThatBgzipWrites) {
  Random random(test_seed());
  const std::string text = random_lines(random, 300'000);
  std::string packed;
  for (std::size_t at = 0; at < text.size(); at += 3000) {
    std::string member = packed_stream(Compression::gzip, text.substr(at, 3000), 1000);
    const auto size = static_cast<unsigned>(
        random.pick<std::uint64_t>({member.size() + 7, 0, 1, 27, 65'535, random.below(65'536)}));
    member[3] = 4;  // An extra field, which stands behind the ten bytes of the header.
    member.insert(
        10, {6, 0, 'B', 'C', 2, 0, static_cast<char>(size & 0xff), static_cast<char>(size >> 8)});
    packed += member;
  }
  for (int way = 0; way < 6; ++way) expect_lines(packed, text, random_way(random));
}

// A block of bzip2 says which bytes its text has, in bits that can be those of a block's beginning.
TEST_F(PackedInput, IsNotMisledByAFalseBlockOfBzip2) {
  std::string letters = "\n";
  constexpr std::uint64_t kBlockMagic = 0x314159265359;
  for (unsigned i = 0; i < 48; ++i)
    if ((kBlockMagic >> (47 - i) & 1) != 0) letters += static_cast<char>(0x40 + i);
  Random random(test_seed());
  std::string text;
  while (text.size() < 350'000) text += letters[random.below(letters.size())];
  const std::string packed = packed_stream(Compression::bzip2, text, 1000);
  std::vector<std::uint64_t> units;
  const auto bytes = std::as_bytes(std::span(packed.data(), packed.size()));
  for (std::size_t at = 0; at < packed.size();) {
    const auto unit = find_unit(Compression::bzip2, bytes.subspan(at), packed.size() - at, at);
    if (!unit) break;
    units.push_back(*unit / 8);
    at = static_cast<std::size_t>(*unit / 8) + 1;
  }
  // Each of the four blocks begins, and seems to begin once more right behind.
  ASSERT_EQ(units.size(), 8u);
  for (std::size_t block = 2; block < units.size(); block += 2)
    for (std::uint64_t split = units[block] + 1; split <= units[block + 1]; split += 4)
      for (const unsigned threads : {1u, 4u}) {
        Way way;
        way.threads = threads;
        way.split_bytes = split;
        expect_lines(packed, text, way);
        if (HasFatalFailure()) return;
      }
}

TEST_F(PackedInput, KeepsFixedRecords) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i) + ",\"a\n\"\"b\"\n";
  text.resize(text.size() / 7 * 7);
  for (const Compression compression : kAll)
    for (const unsigned threads : {1u, 4u}) {
      Way way;
      way.threads = threads;
      way.rules.format = {RecordFormat::Kind::fixed, 7, ','};
      const std::string path = write(packed_streams(compression, text, 5000, 1000));
      auto seen = read_packed(path, way);
      ASSERT_TRUE(seen) << seen.error().message;
      std::vector<SeenRecord> wanted = model_records(text, 7);
      for (SeenRecord& record : wanted) record.line = 0;
      EXPECT_TRUE(*seen == wanted);
      way.rules.format.fixed_bytes = 7 * 65'537;
      seen = read_packed(path, way);
      ASSERT_FALSE(seen);
      EXPECT_NE(seen.error().message.find("ends with a short record"), std::string::npos)
          << seen.error().message;
    }
}

/// The failure of who decodes the whole file in order, through a buffer of `room_bytes`; none where
/// it is sound.
std::optional<Error> failure_in_order(const std::string& path, Compression compression,
                                      std::size_t room_bytes = std::size_t{16} << 10) {
  MemoryBudget budget(64 * kMiB);
  const ReadFile file = *ReadFile::open(path, Code::input);
  auto read = [&, at = std::uint64_t{0}](std::span<std::byte> room) mutable {
    auto got = file.read_at(room, at);
    at += *got;
    return got;
  };
  std::vector<std::byte> room(room_bytes);
  auto text = DecodedBytes::create({path, compression, read, 12 * kMiB, budget});
  const Result<void> done = text->check_rest(room);
  return done ? std::nullopt : std::optional(done.error());
}

std::string row_of_streams(std::optional<Compression> compression, std::string_view text,
                           std::size_t stream_bytes) {
  return compression ? packed_streams(*compression, text, stream_bytes, 5000)
                     : legacy_frame(text, std::min<std::size_t>(stream_bytes, 20'000));
}

TEST_F(PackedInput, ThatIsDamagedFailsAsItDoesInOrder) {
  std::vector<std::optional<Compression>> formats(std::begin(kAll), std::end(kAll));
  formats.emplace_back();  // lz4's legacy one.
  for (const std::optional<Compression> format : formats) {
    const Compression compression = format.value_or(Compression::lz4);
    Random random(test_seed());
    const std::string text = random_lines(random, 60'000);
    for (const std::size_t stream : {std::size_t{6000}, SIZE_MAX}) {
      const std::string whole = row_of_streams(format, text, stream);
      std::vector<std::string> files;
      const std::size_t step = std::max<std::size_t>(1, whole.size() / scaled(40));
      for (std::size_t at = 4100 + random.below(step); at < whole.size(); at += step) {
        files.push_back(whole.substr(0, at));
        files.push_back(whole);
        files.back()[at] = static_cast<char>(files.back()[at] ^ (1 << random.below(8)));
      }
      for (const std::size_t cut : {1u, 4u, 11u, 12u})
        files.push_back(whole.substr(0, whole.size() - cut));
      for (const std::string garbage : {"g", "\n", "more than garbage"})
        files.push_back(whole + garbage);
      for (const std::string& file : files) {
        const std::string path = write(file);
        const std::optional<Error> wanted = failure_in_order(path, compression);
        for (const std::size_t room : {std::size_t{100}, std::size_t{1} << 20}) {
          const std::optional<Error> other = failure_in_order(path, compression, room);
          ASSERT_EQ(other.has_value(), wanted.has_value()) << room;
          if (wanted) {
            ASSERT_EQ(other->message, wanted->message) << room;
          }
        }
        for (const unsigned threads : {1u, 4u}) {
          Way way;
          way.threads = threads;
          way.split_bytes = random.pick<std::uint64_t>({4096, 5000});
          const auto seen = read_packed(path, way);
          ASSERT_EQ(seen.has_value(), !wanted) << compression_name(compression) << ' ' << way
                                               << (wanted ? wanted->message : seen.error().message);
          if (wanted) {
            ASSERT_EQ(seen.error().message, wanted->message) << way;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace mrun
