// BlockEncoder: the pairs of one block of a table, with what their keys share left out.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "table/table_format.hpp"
#include "table/varint.hpp"

namespace mrun {

/// Takes pairs of at most kBlockPlainBytesMax plain bytes together.
class BlockEncoder {
 public:
  static constexpr std::size_t kPairHeadBytesMost = 3 * kVarintBytesMax;

  BlockEncoder() : bytes_(new std::uint8_t[kBlockRawBytesMax]) {}

  static std::uint8_t* put_head(std::uint8_t* out, std::uint64_t shared, std::uint64_t rest,
                                std::uint64_t value_code) {
    return put_varint(put_varint(put_varint(out, shared), rest), value_code);
  }

  /// `shared`: bytes that the key has in common with the one before, in whatever block that is.
  void add(Slice key, std::size_t shared, std::uint64_t value_code, Slice value) {
    if (count_ % kRestartInterval == 0) {
      shared = 0;
      restarts_.push_back(size_);
    }
    std::uint8_t* out = put_head(bytes_.get() + size_, shared, key.size - shared, value_code);
    out = put(out, {key.data + shared, key.size - shared});
    out = put(out, value);
    size_ = static_cast<std::uint32_t>(out - bytes_.get());
    ++count_;
  }
  /// All of the block; it lives until `clear`.
  Slice finish() {
    for (const std::uint32_t restart : restarts_) put_word(restart);
    put_word(static_cast<std::uint32_t>(restarts_.size()));
    return {bytes_.get(), size_};
  }
  void clear() {
    size_ = count_ = 0;
    restarts_.clear();
  }
  std::uint32_t count() const { return count_; }

 private:
  static std::uint8_t* put(std::uint8_t* out, Slice bytes) {
    if (bytes.size != 0) std::memcpy(out, bytes.data, bytes.size);
    return out + bytes.size;
  }
  void put_word(std::uint32_t word) {
    std::memcpy(bytes_.get() + size_, &word, sizeof word);
    size_ += sizeof word;
  }

  std::unique_ptr<std::uint8_t[]> bytes_;
  std::uint32_t size_ = 0;
  std::uint32_t count_ = 0;
  std::vector<std::uint32_t> restarts_;
};

}  // namespace mrun
