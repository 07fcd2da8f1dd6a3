// Chooses for each file how it is read.
#include "input/reader_state.hpp"

#include <algorithm>
#include <optional>

#include "input/decoded_blocks.hpp"
#include "input/file_identity.hpp"
#include "input/pread_blocks.hpp"
#include "input/short_record.hpp"

namespace mrun {
namespace {

/// Code::input where it is no longer the file that was listed.
Result<ReadFile> open_listed(const InputFile& input) {
  MRUN_TRY_ASSIGN(ReadFile opened, opened_input(input, ReadFile::open(input.path, Code::input)));
  if (identity_of(opened.info()) != input.identity) return changed_failure(input.path);
  opened.expect_one_reading();
  return opened;
}

}  // namespace

Result<void> ReaderState::check_stop() const {
  if (stop_.stopped()) return fail(Code::cancelled, "stopped while reading the input");
  return {};
}

Result<std::unique_ptr<BlockSource>> ReaderState::open_blocks(const SplitRange& range,
                                                              WindowBuffer& buffer) {
  const InputFile& input = file(range.file);
  const std::uint64_t size_bytes = input.identity.size_bytes;
  BlockRules rules = block_rules(range.file);
  const bool is_mapped = this->is_mapped(input);
  std::optional<ReadFile> opened;
  if (!is_mapped || input.is_compressed()) {
    MRUN_TRY_ASSIGN(opened, open_listed(input));
  }
  if (input.is_compressed())
    return make_decoded_blocks(*std::move(opened), input.compression, options_.decoder_bytes_most,
                               rules, buffer);
  if (rules.cutter.is_fixed())
    MRUN_TRY(check_whole_records(input.path, size_bytes, rules.cutter.fixed_bytes()));
  if (rules.cutter.kind() == RecordFormat::Kind::csv && range.begin > 0) {
    MRUN_TRY_ASSIGN(const RecordCount before, records_before(range.file, range.begin - 1));
    rules.state = before.state;
  }
  if (!is_mapped) return make_pread_blocks(*std::move(opened), range, rules, buffer);
  Result<std::shared_ptr<const MappedFile>> mapping = mapped_.map(input, range.file);
  if (mapping) return make_mapped_blocks(*std::move(mapping), range, rules);
  // Some file systems and limits refuse to map what can be read all the same.
  if (options_.io == IoMode::automatic) {
    MRUN_TRY_ASSIGN(ReadFile file, open_listed(input));
    return make_pread_blocks(std::move(file), range, rules, buffer);
  }
  return Failure{std::move(mapping).error()};
}

Result<std::unique_ptr<PackedBlocks>> ReaderState::open_part(const SplitRange& range,
                                                             WindowBuffer& buffer) {
  const PackedMemory memory{
      options_.decoder_bytes_most,
      std::min(options_.text_bytes_most, WindowBuffer::longest_record(budget_))};
  return PackedBlocks::open(packed_, range, file(range.file), rules(range.file),
                            block_rules(range.file), memory, buffer);
}

bool ReaderState::is_mapped(const InputFile& input) const {
  return options_.io == IoMode::mmap ||
         (options_.io == IoMode::automatic && input.identity.size_bytes >= options_.map_from_bytes);
}

Result<std::uint64_t> ReaderState::line_at(std::uint32_t file_ordinal, std::uint64_t offset) {
  const RecordRules& wanted = rules(file_ordinal);
  if (!wanted.line_numbers) return std::uint64_t{0};
  const RecordCutter cutter(wanted.format);
  if (cutter.is_fixed()) return offset / cutter.fixed_bytes() + 1;
  if (cutter.is_whole()) return std::uint64_t{1};
  MRUN_TRY_ASSIGN(const RecordCount before, records_before(file_ordinal, offset));
  return before.records + 1;
}

Result<RecordCount> ReaderState::records_before(std::uint32_t file_ordinal, std::uint64_t offset) {
  const Delimiter delimiter = RecordCutter(rules(file_ordinal).format).delimiter();
  return options_.guesses_records
             ? guess_records_before(file(file_ordinal), offset, delimiter)
             : records_.before(file(file_ordinal), file_ordinal, offset, delimiter);
}

StreamSplitter& ReaderState::stream(std::uint32_t file_ordinal) {
  const std::lock_guard lock(streams_mutex_);
  std::unique_ptr<StreamSplitter>& splitter = streams_[file_ordinal];
  if (splitter == nullptr)
    splitter = std::make_unique<StreamSplitter>(file(file_ordinal).path, rules(file_ordinal),
                                                stream_split_bytes(), stream_decoder_bytes(),
                                                budget_, stop_);
  return *splitter;
}

// One stream is read at a time, so its decoder may have what all threads' ones would.
std::size_t ReaderState::stream_decoder_bytes() const {
  return options_.decompresses ? budget_.limit_bytes() / 4 * 3 : 0;
}

std::size_t ReaderState::stream_split_bytes() const {
  const std::uint64_t most = std::max<std::uint64_t>(1, options_.stream_split_bytes_most);
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(options_.split_bytes, 1, most));
}

}  // namespace mrun
