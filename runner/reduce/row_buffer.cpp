#include "reduce/row_buffer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/size_text.hpp"

namespace mrun {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} << 10;
constexpr std::size_t kLengthBytes = sizeof(std::uint64_t);

}  // namespace

RowBuffer::RowBuffer(std::size_t share_bytes, ScratchSpace& scratch)
    : budget_(share_bytes), scratch_(scratch) {}

Result<void> RowBuffer::append(Slice row) {
  const std::size_t needed = kLengthBytes + row.size;
  // One block that is filled, one that is read, and one that is as large as both may become.
  if (needed > budget_.limit_bytes() / 3) {
    return fail(Code::limit,
                fmt::format("a row that reduce puts aside has {}, and there is room for {}",
                            size_text(row.size), size_text(budget_.limit_bytes() / 3)),
                "give more with --memory");
  }
  if (blocks_.empty() || blocks_.back().bytes.size() - blocks_.back().used < needed)
    MRUN_TRY(open_block(needed));
  Block& block = blocks_.back();
  std::uint8_t* const out = block.bytes.bytes() + block.used;
  const std::uint64_t size = row.size;
  std::memcpy(out, &size, kLengthBytes);
  if (row.size > 0) std::memcpy(out + kLengthBytes, row.data, row.size);
  block.used += needed;
  return {};
}

Result<void> RowBuffer::open_block(std::size_t bytes) {
  const std::size_t wanted = std::max(bytes, std::min(kBlockBytes, budget_.limit_bytes() / 8));
  Result<PageBuffer> memory = PageBuffer::allocate(budget_, wanted);
  if (!memory) {
    MRUN_TRY(spill());
    memory = PageBuffer::allocate(budget_, wanted);
    if (!memory) return Failure{std::move(memory).error()};
  }
  blocks_.push_back({std::move(*memory), 0});
  return {};
}

Result<void> RowBuffer::spill() {
  if (file_ == nullptr) file_ = scratch_.create();
  for (const Block& block : blocks_) {
    MRUN_TRY(file_->write_at({block.bytes.data(), block.used}, file_bytes_));
    stored_.push_back({file_bytes_, block.used});
    file_bytes_ += block.used;
    spilled_bytes_ += block.used;
  }
  blocks_.clear();
  read_ = {};
  read_block_ = kNone;
  return {};
}

Result<std::optional<Slice>> RowBuffer::next() {
  for (; at_.block < stored_.size() + blocks_.size(); at_ = {at_.block + 1, 0}) {
    MRUN_TRY_ASSIGN(const Slice block, block_bytes(at_.block));
    if (at_.byte == block.size) continue;
    std::uint64_t size = 0;
    std::memcpy(&size, block.data + at_.byte, kLengthBytes);
    const Slice row{block.data + at_.byte + kLengthBytes, size};
    at_.byte += kLengthBytes + size;
    return std::optional<Slice>(row);
  }
  return std::optional<Slice>();
}

Result<Slice> RowBuffer::block_bytes(std::size_t block) {
  if (block >= stored_.size()) {
    const Block& held = blocks_[block - stored_.size()];
    return Slice{held.bytes.bytes(), held.used};
  }
  const Stored stored = stored_[block];
  if (block != read_block_) {
    if (read_.size() < stored.size) {
      read_ = {};
      Result<PageBuffer> memory = PageBuffer::allocate(budget_, stored.size);
      if (!memory) {
        // What is in memory goes to the disk, too; the position counts blocks, and stays.
        MRUN_TRY(spill());
        memory = PageBuffer::allocate(budget_, stored.size);
        if (!memory) return Failure{std::move(memory).error()};
      }
      read_ = std::move(*memory);
    }
    read_block_ = kNone;
    MRUN_TRY(file_->read_at({read_.data(), stored.size}, stored.offset));
    read_block_ = block;
  }
  return Slice{read_.bytes(), stored.size};
}

void RowBuffer::clear() {
  // Memory and file are used again by the next group.
  if (blocks_.size() > 1) blocks_.resize(1);
  if (!blocks_.empty()) blocks_.front().used = 0;
  stored_.clear();
  file_bytes_ = 0;
  read_block_ = kNone;
  at_ = {};
}

}  // namespace mrun
