// Blocks of bytes that lie in memory already: a piece of a stream.
#pragma once

#include "input/block_source.hpp"

namespace mrun {

/// The window begins and ends with whole records; its bytes outlive the source.
class MemoryBlocks final : public BlockSource {
 public:
  MemoryBlocks(Window window, const BlockRules& rules) : window_(window), rules_(rules) {}

  Result<bool> next(Block& block) override {
    if (window_.size == 0) return false;
    const std::size_t size =
        rules_.cutter.block_end(window_, UINT64_MAX, rules_.block_bytes).value_or(window_.size);
    block = {{window_.data, size}, window_.offset, nullptr};
    window_.data += size;
    window_.size -= size;
    window_.offset += size;
    return true;
  }
  Result<void> check() const override { return {}; }

 private:
  Window window_;
  BlockRules rules_;
};

}  // namespace mrun
