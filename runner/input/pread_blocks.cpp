// Reads a range through a window that slides over the file.
#include "input/pread_blocks.hpp"

#include <algorithm>

#include "input/file_identity.hpp"
#include "input/window_blocks.hpp"
#include "os/read_file.hpp"

namespace mrun {
namespace {

class PreadBlocks final : public WindowBlocks {
 public:
  PreadBlocks(ReadFile file, const SplitRange& range, const BlockRules& rules, WindowBuffer& buffer)
      : WindowBlocks(rules, buffer), file_(std::move(file)), range_(range) {
    // The byte before the range says whether a record begins with it.
    at_ = range.begin == 0 ? 0 : range.begin - 1;
    is_at_record_ = range.begin == 0;
  }

  Result<bool> next(Block& block) override {
    drop_handed_out();
    if (!is_at_record_) MRUN_TRY(find_first_record());
    if (at_ >= range_.end) return false;
    while (!hand_out(block, range_.end, ends_file())) MRUN_TRY(read_more());
    return true;
  }

 private:
  bool ends_file() const { return at_ + buffer_.size() == file_.info().size_bytes; }

  /// Moves to the first record that begins in the range, or to the range's end.
  Result<void> find_first_record() {
    is_at_record_ = true;
    CsvState state = rules_.state;
    for (;;) {
      MRUN_TRY(read_more());
      const Window window{buffer_.data(), buffer_.size(), at_, ends_file(), state};
      const auto limit =
          static_cast<std::size_t>(std::min<std::uint64_t>(window.size, range_.end - 1 - at_));
      if (const auto end = rules_.cutter.first_end(window, 0, limit)) {
        buffer_.drop_front(*end);
        at_ += *end;
        return {};
      }
      if (at_ + limit == range_.end - 1) {
        at_ = range_.end;
        return {};
      }
      if (rules_.cutter.kind() == RecordFormat::Kind::csv)
        state =
            count_records(window.data, window.size, rules_.cutter.delimiter(), {0, state}).state;
      at_ += window.size;
      buffer_.clear();
    }
  }

  /// Bytes beyond the size that was listed are never read: there the identity check fails.
  Result<void> read_more() {
    MRUN_TRY(buffer_.make_room(file_.path(), at_));
    const std::uint64_t from = at_ + buffer_.size();
    const std::uint64_t left = file_.info().size_bytes - from;
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.free_size(), left));
    MRUN_TRY_ASSIGN(
        const std::size_t got,
        file_.read_at({reinterpret_cast<std::byte*>(buffer_.free_data()), wanted}, from));
    if (got < wanted || wanted == 0) return changed_failure(file_.path());
    buffer_.added(got);
    return {};
  }

  ReadFile file_;
  SplitRange range_;
  bool is_at_record_ = false;
};

}  // namespace

Result<std::unique_ptr<BlockSource>> make_pread_blocks(ReadFile file, const SplitRange& range,
                                                       const BlockRules& rules,
                                                       WindowBuffer& buffer) {
  MRUN_TRY(prepare_buffer(file.path(), range.begin, rules, buffer));
  return std::unique_ptr<BlockSource>(
      std::make_unique<PreadBlocks>(std::move(file), range, rules, buffer));
}

}  // namespace mrun
