// Goal: however pieces of a part are written, the file holds their bytes in the order of the
// pieces. Method: threads write random pieces in every way a writer offers, under budgets from
// nothing to plenty, and the file is compared with the concatenation; then again with a disk that
// breaks.
#include "output/ordered_part.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "output/record_writer.hpp"
#include "support/breakable_storage.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

using test_support::Break;
using test_support::BreakableStorage;
using test_support::TempFolder;

Slice slice(const std::string& bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

PartFile create(Storage& storage, const TempFolder& folder, bool sync = false) {
  Result<PartFile> file = PartFile::create(storage, folder.path(), "", 0, sync, {});
  if (!file) throw std::runtime_error(file.error().message);
  return *std::move(file);
}

/// Bytes of one piece, made again from its seed by the writer and by the check.
std::string piece_bytes(std::uint64_t seed, std::size_t size_max) {
  std::mt19937_64 random(seed);
  std::string bytes(random() % 3 == 0 ? random() % 100 : random() % (size_max + 1), '\0');
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    const std::uint64_t word = random();
    std::memcpy(bytes.data() + i, &word, std::min<std::size_t>(8, bytes.size() - i));
  }
  return bytes;
}

/// Writes the bytes in pieces of random sizes and ways; returns the records counted.
std::uint64_t write_randomly(PieceWriter& piece, const std::string& bytes, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uint64_t records = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    static constexpr std::size_t kSteps[] = {10, 1000, 70000, 600000};
    const std::size_t size =
        std::min<std::size_t>(bytes.size() - at, 1 + random() % kSteps[random() % 4]);
    if (size <= PieceWriter::kReserveBytesMax && random() % 2 == 0) {
      std::uint8_t* const out = piece.reserve(PieceWriter::kReserveBytesMax);
      std::memcpy(out, bytes.data() + at, size);
      piece.commit(out + size);
    } else {
      piece.append({reinterpret_cast<const std::uint8_t*>(bytes.data()) + at, size});
    }
    piece.count_records(1);
    ++records;
    at += size;
  }
  return records;
}

struct Shape {
  std::uint64_t seed;
  std::size_t pieces, piece_bytes_max, threads;
  std::size_t budget, queued_max;
};

Shape random_shape(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  static constexpr std::size_t kSizes[] = {10, 50000, 700000};
  static constexpr std::size_t kBudgets[] = {0, 1 << 18, 1 << 19, 1 << 21, 1 << 26};
  static constexpr std::size_t kQueues[] = {0, 1 << 18, 1 << 20, 1 << 26};
  return {seed,
          random() % 30,
          kSizes[random() % 3],
          1 + random() % 4,
          kBudgets[random() % 5],
          kQueues[random() % 4]};
}

/// Writes all pieces on threads that take them in rising order, as an executor starts them.
std::uint64_t write_pieces(OrderedPart& part, const Shape& shape) {
  std::atomic<std::size_t> next{0};
  std::atomic<std::uint64_t> records{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < shape.threads; ++t) {
    threads.emplace_back([&] {
      for (std::size_t i = next++; i < shape.pieces; i = next++) {
        PieceWriter piece = part.open_piece(i);
        records += write_randomly(piece, piece_bytes(shape.seed + i, shape.piece_bytes_max), i);
        static_cast<void>(piece.close());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return records;
}

TEST(OrderedPart, HoldsThePiecesInOrderForAnyThreadsSizesAndBudgets) {
  BreakableStorage storage;
  for (std::uint64_t seed = 1000; seed < 1060; ++seed) {
    const Shape shape = random_shape(seed);
    SCOPED_TRACE(fmt::format("seed {}: {} pieces, {} threads, budget {}, queue {}", seed,
                             shape.pieces, shape.threads, shape.budget, shape.queued_max));
    const TempFolder folder;
    MemoryBudget budget(shape.budget);
    OutputMemory memory(budget);
    const StopFlag stop;
    OrderedPart part(create(storage, folder), shape.pieces, memory, stop, {shape.queued_max});
    const std::uint64_t records = write_pieces(part, shape);
    const Result<PartInfo> info = part.finish();
    ASSERT_TRUE(info) << info.error().message;

    std::string expected;
    for (std::size_t i = 0; i < shape.pieces; ++i)
      expected += piece_bytes(seed + i, shape.piece_bytes_max);
    ASSERT_TRUE(test_support::read_file(folder / "part-00000") == expected);
    EXPECT_EQ(info->size_bytes, expected.size());
    EXPECT_EQ(info->records, records);
    EXPECT_EQ(info->digest, digest128(std::as_bytes(std::span(expected))));
    memory.trim();
    EXPECT_EQ(budget.used_bytes(), 0u);
  }
}

TEST(OrderedPart, EndsWithTheDisksErrorWhereverItBreaks) {
  for (std::uint64_t seed = 2000; seed < 2040; ++seed) {
    Shape shape = random_shape(seed);
    shape.pieces += 1;
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const TempFolder folder;
    BreakableStorage storage;
    MemoryBudget budget(shape.budget);
    OutputMemory memory(budget);
    const StopFlag stop;
    OrderedPart part(create(storage, folder, true), shape.pieces, memory, stop, {shape.queued_max});
    storage.break_at(1 + seed % 7, seed % 2 == 0 ? Break::once : Break::for_ever);
    write_pieces(part, shape);
    const Result<PartInfo> info = part.finish();
    EXPECT_EQ(storage.was_broken(), !info);
    if (!info) {
      EXPECT_EQ(info.error().code, Code::output);
      EXPECT_NE(info.error().message.find("part-00000"), std::string::npos);
    }
    memory.trim();
    EXPECT_EQ(budget.used_bytes(), 0u);
  }
}

TEST(OrderedPart, TakesPiecesClosedInReverse) {
  BreakableStorage storage;
  const TempFolder folder;
  MemoryBudget budget(std::size_t{64} << 20);
  OutputMemory memory(budget);
  const StopFlag stop;
  constexpr std::size_t kPieces = 100;
  OrderedPart part(create(storage, folder), kPieces, memory, stop);
  std::string expected;
  for (std::size_t i = 0; i < kPieces; ++i) expected += fmt::format("piece {}\n", i);
  for (std::size_t i = kPieces; i-- > 0;) {
    PieceWriter piece = part.open_piece(i);
    piece.append(slice(fmt::format("piece {}\n", i)));
    ASSERT_TRUE(piece.close());
    // A closed piece that waits holds what it wrote, not a whole buffer.
    memory.trim();
    EXPECT_LT(budget.used_bytes(), 16 * kPieces);
  }
  ASSERT_TRUE(part.finish());
  EXPECT_EQ(test_support::read_file(folder / "part-00000"), expected);
}

TEST(OrderedPart, TakesPiecesThatAreAddedLater) {
  BreakableStorage storage;
  const TempFolder folder;
  MemoryBudget budget(std::size_t{1} << 20);
  OutputMemory memory(budget);
  const StopFlag stop;
  OrderedPart part(create(storage, folder), 0, memory, stop);
  for (std::size_t i = 0; i < 6; i += 2) {
    part.add_pieces(2);
    // Once the later piece is closed first, once the earlier one.
    const std::size_t first = i == 2 ? i : i + 1;
    for (const std::size_t index : {first, 2 * i + 1 - first}) {
      PieceWriter piece = part.open_piece(index);
      piece.append(slice(fmt::format("{} ", index)));
      ASSERT_TRUE(piece.close());
    }
  }
  ASSERT_TRUE(part.finish());
  EXPECT_EQ(test_support::read_file(folder / "part-00000"), "0 1 2 3 4 5 ");
}

TEST(OrderedPart, StopWakesAPieceThatWaitsForItsTurn) {
  BreakableStorage storage;
  const TempFolder folder;
  MemoryBudget budget(0);
  OutputMemory memory(budget);
  StopFlag stop;
  OrderedPart part(create(storage, folder), 2, memory, stop);
  PieceWriter first = part.open_piece(0);
  PieceWriter second = part.open_piece(1);
  std::thread waiting([&] { second.append(slice("needs a buffer, and there is none")); });
  stop.stop(2);
  waiting.join();
  EXPECT_EQ(second.status().error().code, Code::cancelled);
  EXPECT_EQ(second.close().error().code, Code::cancelled);
  EXPECT_EQ(first.close().error().code, Code::cancelled);
  EXPECT_EQ(part.finish().error().code, Code::cancelled);
}

TEST(OrderedPart, FailsWhereAPieceIsGivenUp) {
  BreakableStorage storage;
  const TempFolder folder;
  MemoryBudget budget(0);
  OutputMemory memory(budget);
  const StopFlag stop;
  OrderedPart part(create(storage, folder), 2, memory, stop);
  PieceWriter second = part.open_piece(1);
  std::thread waiting([&] { second.append(slice("waits for piece 0")); });
  { PieceWriter first = part.open_piece(0); }
  waiting.join();
  EXPECT_EQ(second.close().error().code, Code::cancelled);
  EXPECT_EQ(part.finish().error().message, "piece 0 of 'part-00000' was given up");
}

TEST(OrderedPart, ACauseReplacesTheStopThatItLedTo) {
  BreakableStorage storage;
  const TempFolder folder;
  MemoryBudget budget(std::size_t{1} << 20);
  OutputMemory memory(budget);
  const StopFlag stop;
  OrderedPart part(create(storage, folder), 2, memory, stop);
  PieceWriter first = part.open_piece(0);
  first.append(slice("bytes"));
  storage.break_at(1, Break::for_ever);
  // Written at the close, so the disk's error comes after the other piece was given up.
  EXPECT_TRUE(first.status());
  ASSERT_FALSE(first.close());
  { PieceWriter second = part.open_piece(1); }
  EXPECT_EQ(part.finish().error().code, Code::output);
}

TEST(PairWriter, WritesPairsOfAnySize) {
  BreakableStorage storage;
  const TempFolder folder;
  MemoryBudget budget(std::size_t{1} << 20);
  OutputMemory memory(budget);
  const StopFlag stop;
  JobSpec spec;
  spec.key_fields = {{FieldType::bytes, false}};
  spec.value_field.type = FieldType::bytes;
  OrderedPart part(create(storage, folder), 1, memory, stop);
  PieceWriter piece = part.open_piece(0);
  PairWriter writer(PairFormatter(spec, {}), piece);
  std::string expected;
  for (const std::size_t size : {0u, 5u, 65000u, 66000u, 3000000u}) {
    const std::string key(size, 'k'), value(size / 2, 'v');
    ASSERT_TRUE(writer.write(slice(key), slice(value)));
    constexpr std::uint64_t kSixteen = 0x6b6b6b6b6b6b6b6b;
    if (size > 16) {
      ASSERT_TRUE(writer.write(kSixteen, kSixteen, static_cast<std::uint32_t>(size),
                               slice(key).data + 16, slice(value)));
      expected += key + "\t" + value + "\n";
    }
    expected += key + "\t" + value + "\n";
  }
  ASSERT_TRUE(piece.close());
  const Result<PartInfo> info = part.finish();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->records, 8u);
  EXPECT_TRUE(test_support::read_file(folder / "part-00000") == expected);
}

TEST(PieceRecords, JoinsFieldsAndKeepsOutputsApart) {
  BreakableStorage storage;
  const TempFolder folder;
  MemoryBudget budget(std::size_t{1} << 20);
  OutputMemory memory(budget);
  const StopFlag stop;
  Result<PartFile> side_file = PartFile::create(storage, folder.path(), "hot", 3, false, {});
  ASSERT_TRUE(side_file);
  OrderedPart main(create(storage, folder), 1, memory, stop);
  OrderedPart side(*std::move(side_file), 1, memory, stop);
  std::vector<PieceWriter> pieces;
  pieces.push_back(main.open_piece(0));
  pieces.push_back(side.open_piece(0));
  PieceRecords records(pieces, OutEnd::newline);
  const std::string a = "a", empty, c = "c";
  const Slice fields[] = {slice(a), slice(empty), slice(c)};
  EXPECT_TRUE(records.write(0, fields));
  EXPECT_TRUE(records.write(1, std::span(fields).first(1)));
  EXPECT_TRUE(records.write_part(0, slice("long "), false));
  EXPECT_TRUE(records.write_part(0, slice("record"), true));
  EXPECT_EQ(records.write(2, fields).error().code, Code::plugin);
  for (PieceWriter& piece : pieces) ASSERT_TRUE(piece.close());
  EXPECT_EQ(main.finish()->records, 2u);
  const Result<PartInfo> info = side.finish();
  EXPECT_EQ(info->name, "hot-00003");
  EXPECT_EQ(info->side_output, "hot");
  EXPECT_EQ(test_support::read_file(folder / "part-00000"), "a\t\tc\nlong record\n");
  EXPECT_EQ(test_support::read_file(folder / "hot-00003"), "a\n");
}

}  // namespace
}  // namespace mrun
