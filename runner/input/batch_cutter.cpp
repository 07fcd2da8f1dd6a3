// Cuts blocks into chunks or lists of records.
#include "input/batch_cutter.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "input/newlines.hpp"

namespace mrun {

Result<void> BatchCutter::prepare(MemoryBudget& budget) {
  if (chunks_) return {};
  MRUN_TRY_ASSIGN(
      lists_, PageBuffer::allocate(budget, kRecordsMax * (sizeof(Slice) + sizeof(std::uint64_t))));
  return {};
}

void BatchCutter::begin_file(std::uint32_t file, std::uint32_t input, std::uint64_t first_line) {
  MRUN_CHECK(!has_pending());
  file_ = file;
  input_ = input;
  line_ = first_line;
}

void BatchCutter::cut(RecordBatch& batch) {
  MRUN_CHECK(has_pending());
  batch = {};
  batch.file = file_;
  batch.input = input_;
  batch.offset = block_.offset;
  batch.owner = block_.owner;
  if (line_numbers_) batch.first_line = line_;
  if (chunks_)
    cut_chunk(batch);
  else
    cut_records(batch);
  line_ += batch.record_count;
  block_.bytes.data += batch.size_bytes;
  block_.bytes.size -= batch.size_bytes;
  block_.offset += batch.size_bytes;
  if (!has_pending()) block_.owner.reset();
}

void BatchCutter::cut_chunk(RecordBatch& batch) {
  batch.chunk = block_.bytes;
  batch.size_bytes = block_.bytes.size;
  batch.record_count = records_in(block_.bytes);
}

void BatchCutter::cut_records(RecordBatch& batch) {
  const std::span<Slice> records(lists_.as<Slice>(), kRecordsMax);
  const std::span<std::uint64_t> offsets(
      reinterpret_cast<std::uint64_t*>(records.data() + kRecordsMax), kRecordsMax);
  if (cutter_.is_lines()) {
    const CutLines cut =
        cut_lines(block_.bytes.data, block_.bytes.size, block_.offset, records, offsets);
    batch.record_count = cut.lines;
    batch.size_bytes = cut.consumed_bytes;
  } else {
    const std::uint32_t size = cutter_.fixed_bytes();
    batch.record_count = std::min<std::uint64_t>(block_.bytes.size / size, kRecordsMax);
    batch.size_bytes = batch.record_count * size;
    for (std::size_t i = 0; i < batch.record_count; ++i) {
      records[i] = {block_.bytes.data + i * size, size};
      offsets[i] = block_.offset + i * size;
    }
  }
  batch.records = records.first(batch.record_count);
  batch.offsets = offsets.first(batch.record_count);
}

std::uint64_t BatchCutter::records_in(Slice bytes) const {
  if (!cutter_.is_lines()) return bytes.size / cutter_.fixed_bytes();
  const bool is_unterminated = bytes.data[bytes.size - 1] != '\n';
  return count_newlines(bytes.data, bytes.size) + (is_unterminated ? 1 : 0);
}

}  // namespace mrun
