// WindowBlocks: what sources share whose bytes come through a window buffer.
#pragma once

#include <cstdint>
#include <string>

#include "input/block_source.hpp"
#include "input/window_buffer.hpp"

namespace mrun {

class WindowBlocks : public BlockSource {
 public:
  Result<void> check() const override { return {}; }

 protected:
  /// `buffer` outlives the source and serves one at a time.
  WindowBlocks(const BlockRules& rules, WindowBuffer& buffer) : rules_(rules), buffer_(buffer) {
    buffer_.clear();
  }

  /// Takes the block handed out last from the buffer's front.
  void drop_handed_out() {
    buffer_.drop_front(handed_out_);
    handed_out_ = 0;
  }
  /// Hands out the next block, of records that begin before `range_end`; false where the buffer
  /// holds none whole. `ends_file`: no byte follows those in the buffer.
  bool hand_out(Block& block, std::uint64_t range_end, bool ends_file) {
    const Window window{buffer_.data(), buffer_.size(), at_, ends_file};
    if (window.size == 0) return false;
    const auto size = rules_.cutter.block_end(window, range_end, rules_.block_bytes);
    if (!size) return false;
    block = {{window.data, *size}, at_, nullptr};
    at_ += *size;
    handed_out_ = *size;
    return true;
  }

  BlockRules rules_;
  WindowBuffer& buffer_;
  std::uint64_t at_ = 0;  ///< Offset of the buffer's first byte that is not handed out.

 private:
  std::size_t handed_out_ = 0;  ///< Bytes of the last block, still at the buffer's front.
};

/// Room for a block of the records to come, from `offset` of `path` on. Code::limit where one of
/// fixed size is too long, or where the budget has no room.
inline Result<void> prepare_buffer(const std::string& path, std::uint64_t offset,
                                   const BlockRules& rules, WindowBuffer& buffer) {
  const RecordCutter& cutter = rules.cutter;
  if (cutter.is_fixed() && cutter.fixed_bytes() > WindowBuffer::longest_record(buffer.budget()))
    return record_too_long(path, offset, cutter.fixed_bytes(), buffer.budget());
  if (buffer.capacity() == 0) MRUN_TRY(buffer.allocate(rules.block_bytes, 0));
  return {};
}

}  // namespace mrun
