// The door of this layer: hands out sources, and checks at the end that the files stayed the same.
#include "input/input_reader.hpp"

#include "base/check.hpp"
#include "input/batch_sources.hpp"
#include "input/file_identity.hpp"
#include "input/parallel_for.hpp"
#include "input/reader_state.hpp"

namespace mrun {
namespace {

ReaderOptions with_split_bytes(ReaderOptions options, const SplitPlan& plan) {
  if (options.split_bytes == 0) options.split_bytes = plan.split_bytes;
  return options;
}

}  // namespace

class InputReader::State : public ReaderState {
  using ReaderState::ReaderState;
};

InputReader::InputReader(const InputList& inputs, const SplitPlan& plan,
                         const ReaderOptions& options, MemoryBudget& budget, const StopFlag& stop)
    : state_(std::make_unique<State>(inputs, with_split_bytes(options, plan), budget, stop)) {
  for (const InputFile& file : inputs.files) MRUN_CHECK(file.input < options.inputs.size());
}

InputReader::~InputReader() = default;

Result<std::unique_ptr<BatchSource>> InputReader::open(const Split& split) {
  MRUN_CHECK(!split.is_stream);
  if (is_part(split)) return make_packed_batches(*state_, split.ranges.front());
  return make_file_batches(*state_, split);
}

bool InputReader::is_part(const Split& split) const {
  return state_->is_part(split.ranges.front());
}

bool InputReader::may_open(const Split& split) {
  return !is_part(split) || state_->packed().may_begin(split.ranges.front());
}

void InputReader::give_up(const Split& split) {
  if (is_part(split)) state_->packed().give_up(split.ranges.front());
}

void InputReader::wait_for_change(std::uint64_t seen) { state_->packed().wait_for_change(seen); }
std::uint64_t InputReader::change_count() { return state_->packed().change_count(); }

Result<std::optional<InputReader::StreamSplit>> InputReader::next_of_stream(const Split& split) {
  MRUN_CHECK(split.is_stream && split.ranges.size() == 1);
  const std::uint32_t file = split.ranges.front().file;
  MRUN_TRY_ASSIGN(std::optional<StreamPiece> piece, state_->stream(file).next());
  if (!piece) return std::optional<StreamSplit>();
  const std::uint64_t ordinal = piece->ordinal;
  MRUN_TRY_ASSIGN(auto source, make_stream_batches(*state_, file, *std::move(piece)));
  return std::optional<StreamSplit>(StreamSplit{std::move(source), ordinal});
}

std::int64_t InputReader::decoded_bytes_more() const { return state_->decoded_bytes_more(); }

Result<void> InputReader::check_unchanged(const ParallelFor& parallel) const {
  const std::vector<InputFile>& files = state_->inputs().files;
  MRUN_TRY(for_each_batch(files.size(), parallel,
                          [&](std::size_t index) { return check_identity(files[index]); }));
  if (const std::optional<std::string> damaged = state_->mapped().first_damaged())
    return damaged_failure(*damaged);
  return {};
}

}  // namespace mrun
