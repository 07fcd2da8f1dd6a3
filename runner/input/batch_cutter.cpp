// Cuts blocks into headers, chunks and lists of records.
#include "input/batch_cutter.hpp"

#include <algorithm>
#include <string>

#include "base/check.hpp"

namespace mrun {
namespace {

Failure open_quote(const InputFile& file, std::uint64_t offset) {
  return fail(
      Code::input,
      "'" + file.path + "' ends between quotes, in the record at offset " + std::to_string(offset),
      "close the quoted field, or read the file with --records lines");
}

}  // namespace

Result<BatchCutter> BatchCutter::create(const RecordRules& rules, MemoryBudget& budget) {
  BatchCutter cutter(rules, budget);
  if (!rules.chunks) {
    MRUN_TRY_ASSIGN(
        cutter.lists_,
        PageBuffer::allocate(budget, kRecordsMax * (sizeof(Slice) + sizeof(std::uint64_t))));
  }
  return cutter;
}

void BatchCutter::begin(const Place& place) {
  MRUN_CHECK(!has_pending());
  place_ = place;
  line_ = place.first_line;
}

Result<void> BatchCutter::cut(RecordBatch& batch) {
  MRUN_CHECK(has_pending());
  batch = {};
  batch.file = place_.ordinal;
  batch.input = place_.file->input;
  batch.offset = block_.offset;
  if (place_.begins_with_header) return cut_header(batch);
  batch.header = place_.header;
  batch.owner = block_.owner;
  if (rules_.line_numbers) batch.first_line = line_;
  if (rules_.chunks)
    cut_chunk(batch);
  else
    MRUN_TRY(cut_records(batch));
  pass(batch.size_bytes, batch.record_count);
  return {};
}

void BatchCutter::pass(std::uint64_t size_bytes, std::uint64_t records) {
  line_ += records;
  block_.bytes.data += size_bytes;
  block_.bytes.size -= size_bytes;
  block_.offset += size_bytes;
  if (!has_pending()) block_.owner.reset();
}

// The batches to come need the header for longer than its block lasts.
Result<void> BatchCutter::cut_header(RecordBatch& batch) {
  MRUN_TRY_ASSIGN(batch.size_bytes, header_.keep(block_.bytes, rules_, *budget_));
  place_.header = header_.text();
  place_.begins_with_header = false;
  pass(batch.size_bytes, 1);
  return {};
}

void BatchCutter::cut_chunk(RecordBatch& batch) const {
  batch.chunk = block_.bytes;
  batch.size_bytes = block_.bytes.size;
  batch.record_count = cutter_.records_in(block_.bytes);
}

Result<void> BatchCutter::cut_records(RecordBatch& batch) {
  const std::span<Slice> records(lists_.as<Slice>(), kRecordsMax);
  const std::span<std::uint64_t> offsets(
      reinterpret_cast<std::uint64_t*>(records.data() + kRecordsMax), kRecordsMax);
  if (cutter_.is_whole()) {
    records[0] = block_.bytes;
    offsets[0] = block_.offset;
    batch.record_count = 1;
    batch.size_bytes = block_.bytes.size;
  } else if (cutter_.is_fixed()) {
    const std::uint32_t size = cutter_.fixed_bytes();
    batch.record_count = std::min<std::uint64_t>(block_.bytes.size / size, kRecordsMax);
    batch.size_bytes = batch.record_count * size;
    for (std::size_t i = 0; i < batch.record_count; ++i) {
      records[i] = {block_.bytes.data + i * size, size};
      offsets[i] = block_.offset + i * size;
    }
  } else {
    const CutRecords cut = mrun::cut_records(block_.bytes.data, block_.bytes.size, block_.offset,
                                             cutter_.delimiter(), records, offsets);
    batch.record_count = cut.records;
    batch.size_bytes = cut.consumed_bytes;
    if (cut.in_quotes) return open_quote(*place_.file, offsets[cut.records - 1]);
  }
  batch.records = records.first(batch.record_count);
  batch.offsets = offsets.first(batch.record_count);
  if (rules_.strip_cr)
    for (Slice& record : records.first(batch.record_count))
      if (record.size > 0 && record.data[record.size - 1] == '\r') --record.size;
  return {};
}

}  // namespace mrun
