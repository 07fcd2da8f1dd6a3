// Chooses for each file how it is read.
#include "input/reader_state.hpp"

#include <algorithm>

#include "input/pread_blocks.hpp"
#include "input/short_record.hpp"

namespace mrun {
Result<BatchCutter> ReaderState::make_cutter() const {
  BatchCutter cutter(record_cutter(), options_.chunks, options_.line_numbers);
  MRUN_TRY(cutter.prepare(budget_));
  return cutter;
}

Result<void> ReaderState::check_stop() const {
  if (stop_.stopped()) return fail(Code::cancelled, "stopped while reading the input");
  return {};
}

Result<std::unique_ptr<BlockSource>> ReaderState::open_blocks(const SplitRange& range,
                                                              WindowBuffer& buffer) {
  const InputFile& input = file(range.file);
  const std::uint64_t size_bytes = input.identity.size_bytes;
  if (options_.records.kind == RecordFormat::Kind::fixed)
    MRUN_TRY(check_whole_records(input.path, size_bytes, options_.records.fixed_bytes));
  const bool is_automatic = options_.io == IoMode::automatic;
  if (options_.io == IoMode::pread || (is_automatic && size_bytes < options_.map_from_bytes))
    return make_pread_blocks(input, range, rules(), buffer);
  Result<std::shared_ptr<const MappedFile>> mapping = mapped_.map(input, range.file);
  if (mapping) return make_mapped_blocks(*std::move(mapping), range, rules());
  // Some file systems and limits refuse to map what can be read all the same.
  if (is_automatic) return make_pread_blocks(input, range, rules(), buffer);
  return Failure{std::move(mapping).error()};
}

Result<std::uint64_t> ReaderState::line_at(std::uint32_t file_ordinal, std::uint64_t offset) {
  if (!options_.line_numbers) return std::uint64_t{0};
  if (options_.records.kind == RecordFormat::Kind::fixed)
    return offset / options_.records.fixed_bytes + 1;
  MRUN_TRY_ASSIGN(const std::uint64_t before,
                  lines_.newlines_before(file(file_ordinal), file_ordinal, offset));
  return before + 1;
}

StreamSplitter& ReaderState::stream(std::uint32_t file_ordinal) {
  const std::lock_guard lock(streams_mutex_);
  std::unique_ptr<StreamSplitter>& splitter = streams_[file_ordinal];
  if (splitter == nullptr)
    splitter = std::make_unique<StreamSplitter>(file(file_ordinal).path, record_cutter(),
                                                options_.line_numbers, stream_split_bytes(),
                                                budget_, stop_);
  return *splitter;
}

std::size_t ReaderState::stream_split_bytes() const {
  const std::uint64_t most = std::max<std::uint64_t>(1, options_.stream_split_bytes_most);
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(options_.split_bytes, 1, most));
}

}  // namespace mrun
