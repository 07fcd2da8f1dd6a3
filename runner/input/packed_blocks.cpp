#include "input/packed_blocks.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "input/file_identity.hpp"
#include "input/short_record.hpp"

namespace mrun {
namespace {

/// Room before a part's text for the beginning of its first record.
constexpr std::size_t kFrontBytes = std::size_t{16} << 10;

/// A text is seldom longer than so many times its stored bytes, and room is made for as much.
constexpr std::uint64_t kUsualRatio = 8;
constexpr std::size_t kTextLeast = std::size_t{128} << 10;

}  // namespace

Result<std::unique_ptr<PackedBlocks>> PackedBlocks::open(
    PackedFiles& files, const SplitRange& range, const InputFile& input, const RecordRules& records,
    const BlockRules& rules, PackedMemory memory, WindowBuffer& buffer) {
  // From here on the destructor gives the part up where anything fails.
  std::unique_ptr<PackedBlocks> blocks(
      new PackedBlocks(files, range, records, rules, memory, buffer));
  MRUN_TRY_ASSIGN(PackedFiles::Begun begun, files.begin(range, input, buffer.budget()));
  blocks->file_ = std::move(begun.file);
  blocks->part_ = begun.part;
  MRUN_TRY(blocks->prepare_room());
  blocks->decode_ahead();
  MRUN_TRY_ASSIGN(PackedTurn turn, files.wait_turn(range));
  blocks->turn_.emplace(std::move(turn));
  MRUN_TRY(blocks->begin_turn());
  return blocks;
}

PackedBlocks::~PackedBlocks() {
  if (!has_passed_) files_.give_up(range_);
}

/// What fails here is left to the turn: the part may not begin where it seems to.
void PackedBlocks::decode_ahead() {
  buffer_.leave_front(kFrontBytes);
  if (!part_.begins_unit || part_.bytes.begin_bit == part_.bytes.end_bit) return;
  Result<DecodedBytes> text = DecodedBytes::create(
      file_->source(part_.bytes.begin_byte(), memory_.decoder_bytes), part_.bytes);
  if (!text) return;
  text_.emplace(*std::move(text));
  if (!part_.ends_file) text_->stop_at(part_.bytes.end_byte());
  do {
    if (!fill()) return text_.reset();
  } while (!is_decoded_ && buffer_.capacity() < memory_.text_bytes &&
           buffer_.make_room(path(), at_));
  if (is_decoded_) text_->rest();
}

Result<void> PackedBlocks::begin_turn() {
  at_ = turn_->text - turn_->tail.size();
  line_ = turn_->line;
  header_ = turn_->header;
  if (part_.bytes.begin_bit == part_.bytes.end_bit && !part_.ends_file) {
    // The unit before reaches beyond the part.
    buffer_.clear();
    pass_turn();
    return {};
  }
  if (turn_->decoder) {
    text_ = std::move(turn_->decoder);
    turn_->decoder.reset();
    is_in_order_ = turn_->is_in_order;
    is_decoded_ = false;
    buffer_.clear();
    buffer_.leave_front(kFrontBytes);
    text_->stop_at(part_.ends_file ? UINT64_MAX : part_.bytes.end_byte());
  } else if (!may_trust_ahead()) {
    // Of the two the decoder cannot do with less memory than it needs.
    buffer_ = WindowBuffer(buffer_.budget());
    MRUN_TRY(start_over());
  }
  MRUN_TRY(join_tail());
  MRUN_TRY(prepare_room());
  // Whole records that are there are handed out before there must be room for more.
  return is_decoded_ ? end_part() : Result<void>();
}

/// For a text of the usual length.
Result<void> PackedBlocks::prepare_room() {
  const std::uint64_t stored = part_.bytes.end_byte() - part_.bytes.begin_byte();
  const auto wanted = static_cast<std::size_t>(
      std::clamp<std::uint64_t>(stored * kUsualRatio, kTextLeast, memory_.text_bytes));
  return prepare_buffer(path(), at_, {rules_.cutter, wanted, rules_.state}, buffer_);
}

/// Whether the part's text, as it was decoded ahead, is what follows.
bool PackedBlocks::may_trust_ahead() {
  if (!text_ || !text_->begins_at(turn_->text)) return false;
  return !is_decoded_ || !text_->is_between_units() || text_->join(turn_->checks);
}

/// Goes on from the last place where that is possible, with a decoder of the whole file.
Result<void> PackedBlocks::start_over() {
  const std::uint64_t text_end = at_ + turn_->tail.size() + buffer_.size();
  text_.reset();
  is_decoded_ = false;
  is_in_order_ = true;
  turn_->checks.reset();
  MRUN_TRY_ASSIGN(DecodedBytes text,
                  DecodedBytes::create(file_->source(turn_->restart.stored, memory_.decoder_bytes),
                                       turn_->restart));
  text.skip_to(text_end);
  if (!part_.ends_file) text.stop_at(part_.bytes.end_byte());
  text_.emplace(std::move(text));
  return {};
}

/// Puts the beginning of the first record before the text.
Result<void> PackedBlocks::join_tail() {
  WindowBuffer tail = std::exchange(turn_->tail, WindowBuffer(buffer_.budget()));
  const std::size_t size = tail.size();
  if (size == 0) return {};
  if (size <= buffer_.front_size()) {
    std::memcpy(buffer_.add_front(size), tail.data(), size);
    return {};
  }
  // A long record: its text is moved once for each doubling alone.
  if (buffer_.size() == 0 && size < buffer_.capacity()) {
    buffer_.clear();
    std::memcpy(buffer_.free_data(), tail.data(), size);
    buffer_.added(size);
    return {};
  }
  if (!tail.make_room(path(), at_, buffer_.size())) {
    // There is no room for both, but perhaps for the record.
    buffer_ = std::move(tail);
    return start_over();
  }
  if (buffer_.size() > 0) std::memcpy(tail.free_data(), buffer_.data(), buffer_.size());
  tail.added(buffer_.size());
  buffer_ = std::move(tail);
  return {};
}

Result<bool> PackedBlocks::next(Block& block) {
  drop_handed_out();
  line_ += std::exchange(records_handed_out_, 0);
  while (!hand_out(block, UINT64_MAX, has_passed_)) {
    if (has_passed_) return false;
    MRUN_TRY(read_more());
  }
  if (block.offset == 0) MRUN_TRY(keep_header(block.bytes));
  if (records_.line_numbers) records_handed_out_ = rules_.cutter.records_in(block.bytes);
  return true;
}

/// In turn: decodes on, and ends the part where its text ends.
Result<void> PackedBlocks::read_more() {
  if (is_decoded_) return end_part();
  MRUN_TRY(buffer_.make_room(path(), at_));
  Result<void> done = fill();
  if (!done && !is_in_order_) {
    MRUN_TRY(start_over());
    done = fill();
  }
  if (!done) return failure_in_order(std::move(done).error());
  if (!is_decoded_) return {};
  if (text_->is_between_units() && !text_->join(turn_->checks)) {
    MRUN_TRY(start_over());
    return read_more();
  }
  return end_part();
}

/// Fills the buffer's room, as far as the part reaches.
Result<void> PackedBlocks::fill() {
  const std::size_t wanted = buffer_.free_size();
  MRUN_TRY_ASSIGN(const std::size_t got,
                  text_->read({reinterpret_cast<std::byte*>(buffer_.free_data()), wanted}));
  buffer_.added(got);
  is_decoded_ = got < wanted;
  return {};
}

/// The failure that any reader finds who decodes from a stream's beginning, in steps that do not
/// depend on buffers; `error` where there is none.
Failure PackedBlocks::failure_in_order(Error error) {
  MRUN_TRY(check_identity(file_->input()));
  if (error.code == Code::cancelled) return Failure{std::move(error)};
  text_.reset();
  std::array<std::byte, std::size_t{16} << 10> room;
  MRUN_TRY_ASSIGN(DecodedBytes text,
                  DecodedBytes::create(file_->source(turn_->restart.stored, memory_.decoder_bytes),
                                       turn_->restart));
  MRUN_TRY(text.check_rest(room));
  return Failure{std::move(error)};
}

/// Hands on the turn: what follows the last record's end is the next part's.
Result<void> PackedBlocks::end_part() {
  const Window window{buffer_.data(), buffer_.size(), at_, part_.ends_file};
  std::size_t end = window.size;
  if (!part_.ends_file) {
    end = rules_.cutter.last_end(window, window.size).value_or(0);
  } else {
    const std::uint64_t text_bytes = at_ + window.size;
    if (rules_.cutter.is_fixed())
      MRUN_TRY(check_whole_records(path(), text_bytes, rules_.cutter.fixed_bytes()));
    decoded_bytes_more_ =
        static_cast<std::int64_t>(text_bytes - file_->input().identity.size_bytes);
  }
  if (at_ == 0 && end > 0) MRUN_TRY(keep_header({window.data, end}));
  turn_->header = header_;
  turn_->text = at_ + window.size;
  turn_->line = line_;
  if (records_.line_numbers) turn_->line += rules_.cutter.records_in({window.data, end});
  if (!keep_tail(end)) return {};  // Once the records before it are done with.
  if (text_) {
    if (text_->text_bytes() != turn_->text)
      return failure_in_order({Code::integrity,
                               "'" + path() + "' decompresses to another text than before",
                               "run again; if it says so again, report it as a bug of mrun"});
    const bool is_between_units = text_->is_between_units();
    // What a part's decoder passed is sure once it has been joined.
    if (is_between_units || is_in_order_)
      turn_->restart = text_->last_place().value_or(turn_->restart);
    if (!is_between_units) turn_->decoder = std::move(text_);
    turn_->is_in_order = is_in_order_;
    text_.reset();
  }
  pass_turn();
  return {};
}

void PackedBlocks::pass_turn() {
  files_.pass_turn(range_, *std::move(turn_));
  turn_.reset();
  has_passed_ = true;
}

Result<void> PackedBlocks::keep_header(Slice bytes) {
  if (!records_.has_header || header_) return {};
  auto header = std::make_shared<FileHeader>();
  MRUN_TRY(header->keep(bytes, records_, buffer_.budget()));
  header_ = std::move(header);
  return {};
}

/// False where there is no room for a copy of the tail beside the records before it.
bool PackedBlocks::keep_tail(std::size_t end) {
  const std::size_t size = buffer_.size() - end;
  if (size == 0) return true;
  const bool is_long = size > buffer_.capacity() / 2;
  if (end > 0 || !is_long) {
    if (turn_->tail.allocate(size, size)) {
      std::memcpy(turn_->tail.free_data(), buffer_.data() + end, size);
      turn_->tail.added(size);
      buffer_.drop_back(size);
      return true;
    }
    if (end > 0) return false;
  }
  turn_->tail = std::exchange(buffer_, WindowBuffer(buffer_.budget()));
  return true;
}

}  // namespace mrun
