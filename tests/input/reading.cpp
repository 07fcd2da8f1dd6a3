// The reading loop of a map task, and a byte-by-byte model of records.
#include "input/reading.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace mrun::test_support {

std::ostream& operator<<(std::ostream& out, const SeenRecord& record) {
  return out << "{split " << record.split << ", file " << record.file << ", offset "
             << record.offset << ", line " << record.line << ", '"
             << testing::PrintToString(record.bytes) << "'}";
}

std::vector<SeenRecord> model_records(std::string_view text, std::uint32_t fixed_bytes) {
  std::vector<SeenRecord> records;
  SeenRecord record;
  bool is_open = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_open) record = {0, 0, at, records.size() + 1, ""};
    is_open = true;
    const bool is_newline = fixed_bytes == 0 && text[at] == '\n';
    if (!is_newline) record.bytes += text[at];
    if (is_newline || (fixed_bytes > 0 && record.bytes.size() == fixed_bytes)) {
      records.push_back(record);
      is_open = false;
    }
  }
  if (is_open) records.push_back(record);
  return records;
}

void append_batch(const RecordBatch& batch, const ReaderOptions& options, std::uint64_t split,
                  std::vector<SeenRecord>& records) {
  const RecordRules& rules = options.inputs[0];
  const std::size_t before = records.size();
  if (rules.chunks) {
    EXPECT_TRUE(batch.records.empty());
    EXPECT_EQ(batch.size_bytes, batch.chunk.size);
    const std::uint32_t fixed =
        rules.format.kind == RecordFormat::Kind::fixed ? rules.format.fixed_bytes : 0;
    for (SeenRecord record : model_records(batch.chunk.view(), fixed)) {
      record.offset += batch.offset;
      records.push_back(std::move(record));
    }
  } else {
    EXPECT_EQ(batch.chunk.size, 0u);
    EXPECT_EQ(batch.records.size(), batch.offsets.size());
    for (std::size_t i = 0; i < batch.records.size(); ++i)
      records.push_back({0, 0, batch.offsets[i], 0, std::string(batch.records[i].view())});
  }
  EXPECT_EQ(records.size() - before, batch.record_count);
  EXPECT_GT(batch.record_count, 0u);
  EXPECT_EQ(batch.first_line > 0, rules.line_numbers);
  for (std::size_t i = before; i < records.size(); ++i) {
    records[i].split = split;
    records[i].file = batch.file;
    records[i].line = rules.line_numbers ? batch.first_line + (i - before) : 0;
  }
}

Result<void> read_source(BatchSource& source, const ReaderOptions& options, std::uint64_t split,
                         std::vector<SeenRecord>& records) {
  for (;;) {
    RecordBatch batch;
    MRUN_TRY_ASSIGN(const bool has_batch, source.next(batch));
    if (!has_batch) return {};
    append_batch(batch, options, split, records);
  }
}

Result<std::vector<SeenRecord>> read_all(InputReader& reader, const SplitPlan& plan,
                                         const ReaderOptions& options) {
  std::vector<SeenRecord> records;
  std::uint64_t ordinal = 0;
  for (const Split& split : plan.splits) {
    if (!split.is_stream) {
      MRUN_TRY_ASSIGN(const auto source, reader.open(split));
      MRUN_TRY(read_source(*source, options, ordinal++, records));
      continue;
    }
    for (;;) {
      MRUN_TRY_ASSIGN(const auto piece, reader.next_of_stream(split));
      if (!piece) break;
      MRUN_TRY(read_source(*piece->source, options, ordinal++, records));
    }
  }
  return records;
}

}  // namespace mrun::test_support
