#include "table/tables.hpp"

#include <gtest/gtest.h>

#include <random>
#include <span>

#include "support/files.hpp"
#include "table/pair_stream.hpp"

namespace mrun::test_support {

std::string pair_stream(const std::vector<TablePair>& pairs) {
  std::string stream;
  for (const TablePair& pair : pairs) {
    std::uint8_t head[kStreamHeadBytesMax];
    std::uint8_t* const end =
        put_pair_head(head, pair.key.size(), pair.value ? slice_of(*pair.value) : Slice{});
    stream.append(head, end);
    stream += pair.key;
    if (pair.value) stream += *pair.value;
  }
  return stream;
}

Result<std::string> make_table(const std::vector<TablePair>& pairs, const TableMaking& making) {
  MemoryBudget budget(making.memory_bytes);
  std::string table;
  TableBuilder::Setup setup;
  setup.codec = making.codec;
  setup.budget = &budget;
  setup.name = "part-00000";
  setup.is_ordered_by_job = making.is_ordered_by_job;
  const TableBuilder::Write write = [&](std::span<const std::byte> bytes) {
    table.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Result<void>();
  };
  MRUN_TRY_ASSIGN(TableBuilder builder, TableBuilder::create(std::move(setup)));
  const std::string stream = pair_stream(pairs);
  std::span<const std::byte> rest = std::as_bytes(std::span(stream));
  std::mt19937_64 random(making.cut_seed);
  while (!rest.empty()) {
    std::size_t size = rest.size();
    if (making.cut_seed != 0)
      size = std::min<std::size_t>(size, random() % 4 == 0 ? random() % 4 : random() % 100'000);
    MRUN_TRY(builder.append(rest.first(size), write));
    rest = rest.subspan(size);
  }
  MRUN_TRY_ASSIGN(const TableInfo info, builder.finish(write));
  EXPECT_EQ(info.entries, pairs.size());
  if (!pairs.empty()) {
    EXPECT_EQ(info.first_key, pairs.front().key);
    EXPECT_EQ(info.last_key, pairs.back().key);
  }
  return table;
}

std::unique_ptr<TableReader> open_table(const std::string& path,
                                        const std::vector<TablePair>& pairs,
                                        const TableMaking& making) {
  Result<std::string> table = make_table(pairs, making);
  EXPECT_TRUE(table) << table.error().message;
  if (!table) return nullptr;
  write_file(path, *table);
  Result<std::unique_ptr<TableReader>> reader = TableReader::open(path, MappedFile::Reading::often);
  EXPECT_TRUE(reader) << reader.error().message;
  return reader ? std::move(*reader) : nullptr;
}

}  // namespace mrun::test_support
