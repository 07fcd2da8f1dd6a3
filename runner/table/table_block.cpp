#include "table/table_block.hpp"

#include <cstring>

#include "table/varint.hpp"

namespace mrun {
namespace {

struct PairParts {
  std::uint64_t shared = 0, rest = 0;
  const std::uint8_t* key = nullptr;
  Slice value;
  const std::uint8_t* end = nullptr;
};

/// Reads a pair from [at, end); false where there is none.
bool read_pair(const std::uint8_t* at, const std::uint8_t* end, PairParts& pair) {
  std::uint64_t value_code = 0;
  at = take_varint(at, end, pair.shared);
  if (at == nullptr) return false;
  at = take_varint(at, end, pair.rest);
  if (at == nullptr) return false;
  at = take_varint(at, end, value_code);
  if (at == nullptr) return false;
  const std::uint64_t left = static_cast<std::uint64_t>(end - at);
  const std::uint64_t value_size = value_code == 0 ? 0 : value_code - 1;
  if (pair.rest > left || value_size > left - pair.rest) return false;
  pair.key = at;
  pair.value = {value_code == 0 ? nullptr : at + pair.rest, value_size};
  pair.end = at + pair.rest + value_size;
  return true;
}

std::uint32_t load_word(const std::uint8_t* at) {
  std::uint32_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

constexpr std::size_t kWordBytes = sizeof(std::uint32_t);

}  // namespace

bool TableBlock::open(const std::uint8_t* stored, const TableSlot& slot) {
  data_ = nullptr;
  const std::uint8_t* data = stored;
  if (slot.codec == TableCodec::none) {
    if (slot.raw_bytes != slot.stored_bytes) return false;
  } else {
    if (slot.raw_bytes > kBlockRawBytesMax) return false;
    decoded_.resize(kBlockRawBytesMax);
    const std::span<const std::byte> in(reinterpret_cast<const std::byte*>(stored),
                                        slot.stored_bytes);
    const std::span<std::byte> out(reinterpret_cast<std::byte*>(decoded_.data()), slot.raw_bytes);
    const bool whole = slot.codec == TableCodec::lz4    ? lz4_decompress(in, out)
                       : slot.codec == TableCodec::zstd ? zstd_.decompress(in, out)
                                                        : false;
    if (!whole) return false;
    data = decoded_.data();
  }
  if (slot.raw_bytes < kWordBytes) return false;
  restarts_ = load_word(data + slot.raw_bytes - kWordBytes);
  const std::uint64_t words = slot.raw_bytes / kWordBytes - 1;
  if (restarts_ == 0 || restarts_ > words) return false;
  pairs_end_ = slot.raw_bytes - (restarts_ + 1) * kWordBytes;
  data_ = data;
  return true;
}

std::size_t TableBlock::restart(std::size_t i) const {
  return load_word(data_ + pairs_end_ + i * kWordBytes);
}

bool TableBlock::restart_key(std::size_t i, Slice& key) const {
  const std::size_t offset = restart(i);
  PairParts pair;
  if (offset >= pairs_end_ || !read_pair(data_ + offset, data_ + pairs_end_, pair)) return false;
  key = {pair.key, pair.rest};
  return pair.shared == 0;
}

bool TableBlock::restarts_hold() const {
  std::size_t pairs = 0;
  PairParts pair;
  for (std::size_t offset = 0; offset != pairs_end_; ++pairs) {
    if (!read_pair(data_ + offset, data_ + pairs_end_, pair)) return false;
    const std::size_t i = pairs / kRestartInterval;
    const bool is_restart = pairs % kRestartInterval == 0;
    if (is_restart && (i >= restarts_ || restart(i) != offset || pair.shared != 0)) return false;
    offset = static_cast<std::size_t>(pair.end - data_);
  }
  return restarts_ == (pairs + kRestartInterval - 1) / kRestartInterval;
}

bool TableBlock::to(std::size_t offset) {
  key_ = {};
  return read(offset);
}

bool TableBlock::to_end() {
  at_ = next_ = pairs_end_;
  return true;
}

bool TableBlock::read(std::size_t offset) {
  PairParts pair;
  if (offset >= pairs_end_ || !read_pair(data_ + offset, data_ + pairs_end_, pair)) return false;
  if (pair.shared > key_.size) return false;
  if (pair.shared == 0) {
    key_ = {pair.key, pair.rest};
  } else {
    const std::size_t size = static_cast<std::size_t>(pair.shared + pair.rest);
    if (joined_key_.size() < size) {
      // The key may lie there.
      const bool is_joined = key_.data == joined_key_.data();
      joined_key_.resize(size + size / 2);
      if (is_joined) key_.data = joined_key_.data();
    }
    if (key_.data != joined_key_.data()) std::memcpy(joined_key_.data(), key_.data, pair.shared);
    if (pair.rest != 0) std::memcpy(joined_key_.data() + pair.shared, pair.key, pair.rest);
    key_ = {joined_key_.data(), size};
  }
  value_ = pair.value;
  at_ = offset;
  next_ = static_cast<std::size_t>(pair.end - data_);
  return true;
}

std::size_t TableBlock::restart_before(std::size_t offset) const {
  std::size_t low = 0, high = restarts_;
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    (restart(middle) <= offset ? low : high) = middle;
  }
  return low;
}

bool TableBlock::to_last() {
  if (!to(restart(restarts_ - 1))) return false;
  while (next_ != pairs_end_)
    if (!read(next_)) return false;
  return true;
}

bool TableBlock::to_key(Slice key) {
  std::size_t low = 0, high = restarts_;
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    Slice middle_key;
    if (!restart_key(middle, middle_key)) return false;
    // Equal keys may begin before the restart.
    (compare_bytes(middle_key, key) < 0 ? low : high) = middle;
  }
  if (!to(restart(low))) return false;
  while (compare_bytes(key_, key) < 0) {
    if (next_ == pairs_end_) return to_end();
    if (!read(next_)) return false;
  }
  return true;
}

bool TableBlock::previous() {
  const std::size_t target = at_;
  if (target == 0) return false;
  if (!to(restart(restart_before(target - 1)))) return false;
  if (at_ >= target) return false;
  while (next_ != target) {
    if (next_ > target || next_ == pairs_end_ || !read(next_)) return false;
  }
  return true;
}

bool TableBlock::rank(std::uint64_t& pairs) const {
  const std::size_t low = at_ == pairs_end_ ? restarts_ - 1 : restart_before(at_);
  std::size_t offset = restart(low);
  pairs = low * kRestartInterval;
  while (offset < at_) {
    PairParts pair;
    if (!read_pair(data_ + offset, data_ + pairs_end_, pair)) return false;
    offset = static_cast<std::size_t>(pair.end - data_);
    ++pairs;
  }
  return offset == at_;
}

}  // namespace mrun
