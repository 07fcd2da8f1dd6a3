// Cuts a stream of pairs into blocks, and builds the nodes above them as they fill.
#include "table/table_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/digest.hpp"
#include "base/escape_text.hpp"
#include "codec/block_codec.hpp"
#include "table/block_encoder.hpp"
#include "table/node_builder.hpp"
#include "table/pair_stream.hpp"

namespace mrun {
namespace {

/// What every pair costs besides key and value: three numbers of a byte, mostly.
constexpr std::size_t kPairPlainBytes = 3;
/// Of the average block: a border comes by chance, in proportion to the bytes.
constexpr unsigned kBlockPlainBytesLog = 14;
/// A larger pair has a block of its own.
constexpr std::uint64_t kLargePairBytes = kBlockPlainBytesMax;
/// Blocks gather here, so that a write costs little; a node fits twice.
constexpr std::size_t kOutBytes = std::size_t{512} << 10;
constexpr std::size_t kMessageKeyBytes = 48;

std::span<const std::byte> as_bytes(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

Slice slice_of(const std::vector<std::uint8_t>& bytes) { return {bytes.data(), bytes.size()}; }

std::string key_excerpt(Slice key) {
  const bool is_long = key.size > kMessageKeyBytes;
  return "'" + escape_text(key.view().substr(0, kMessageKeyBytes)) + (is_long ? "…" : "") + "'";
}

std::size_t common_bytes(Slice a, Slice b) {
  const std::size_t most = std::min(a.size, b.size);
  std::size_t count = 0;
  for (; count + 8 <= most; count += 8) {
    std::uint64_t left, right;
    std::memcpy(&left, a.data + count, 8);
    std::memcpy(&right, b.data + count, 8);
    if (left != right) return count + static_cast<std::size_t>(__builtin_ctzll(left ^ right)) / 8;
  }
  while (count < most && a.data[count] == b.data[count]) ++count;
  return count;
}

/// Whether a pair that begins a new key begins a block.
bool begins_block(std::uint64_t hash, std::uint64_t plain_bytes) {
  return plain_bytes >> kBlockPlainBytesLog != 0 || hash < plain_bytes
                                                               << (64 - kBlockPlainBytesLog);
}

}  // namespace

class TableBuilder::State {
 public:
  State(Setup setup, Charge charge, std::optional<ZstdCompressor> zstd)
      : setup_(std::move(setup)),
        charge_(std::move(charge)),
        zstd_(std::move(zstd)),
        out_(new std::uint8_t[kOutBytes]) {
    encode_table_header(std::span<std::byte, kTableHeaderBytes>(
        reinterpret_cast<std::byte*>(out_.get()), kTableHeaderBytes));
    out_size_ = kTableHeaderBytes;
  }

  Result<void> append(Slice bytes, const Write& write) {
    write_ = &write;
    while (bytes.size != 0) {
      if (value_left_ != 0) {
        const std::uint64_t size = std::min(value_left_, bytes.size);
        MRUN_TRY(write_large({bytes.data, size}));
        value_left_ -= size;
        bytes = {bytes.data + size, bytes.size - size};
        if (value_left_ == 0) MRUN_TRY(end_large());
        continue;
      }
      if (carry_.empty()) {
        MRUN_TRY_ASSIGN(const std::size_t taken, take_pairs(bytes));
        bytes = {bytes.data + taken, bytes.size - taken};
        if (value_left_ != 0) continue;
        carry_.reserve(wanted_);
        carry_.assign(bytes.data, bytes.data + bytes.size);
        return {};
      }
      const std::uint64_t size = std::min<std::uint64_t>(wanted_ - carry_.size(), bytes.size);
      carry_.reserve(wanted_);
      carry_.insert(carry_.end(), bytes.data, bytes.data + size);
      bytes = {bytes.data + size, bytes.size - size};
      if (carry_.size() < wanted_) return {};
      MRUN_TRY_ASSIGN(const std::size_t taken, take_pairs(slice_of(carry_)));
      // What is wanted is what the one pair there still lacks.
      MRUN_CHECK(taken == 0 || taken == carry_.size());
      if (taken != 0) carry_.clear();
    }
    return {};
  }

  Result<TableInfo> finish(const Write& write) {
    write_ = &write;
    MRUN_CHECK(carry_.empty() && value_left_ == 0);
    if (block_.count() != 0) MRUN_TRY(end_block());
    TableFooter footer;
    if (entries_ != 0) {
      MRUN_TRY_ASSIGN(footer.root, end_nodes(footer.levels));
    }
    footer.entries = entries_;
    footer.keys = keys_;
    footer.blocks = blocks_;
    footer.nodes = nodes_;
    footer.raw_bytes = raw_bytes_;
    footer.bounds_offset = offset();
    footer.first_key_bytes = static_cast<std::uint32_t>(first_key_.size());
    footer.last_key_bytes = static_cast<std::uint32_t>(last_key_.size());
    Hash64Stream bounds;
    for (const Slice key : {slice_of(first_key_), slice_of(last_key_)}) {
      bounds.update(as_bytes(key.data, key.size));
      MRUN_TRY(put(key));
    }
    footer.bounds_checksum = bounds.value();
    std::array<std::byte, kTableFooterBytes> end;
    encode_table_footer(footer, end);
    MRUN_TRY(put({reinterpret_cast<const std::uint8_t*>(end.data()), end.size()}));
    MRUN_TRY(flush());
    return TableInfo{entries_, keys_, std::string(slice_of(first_key_).view()),
                     std::string(slice_of(last_key_).view())};
  }

 private:
  /// Takes whole pairs from the begin of `bytes`, or of a large one its key. Returns the bytes
  /// taken; then `wanted_` is how many the rest needs at least.
  Result<std::size_t> take_pairs(Slice bytes) {
    const std::uint8_t* at = bytes.data;
    const std::uint8_t* const end = at + bytes.size;
    while (at != end && value_left_ == 0) {
      const std::uint64_t rest = static_cast<std::uint64_t>(end - at);
      PairHead head;
      const std::uint8_t* const key = take_pair_head(at, end, head);
      if (key == nullptr) {
        wanted_ = rest + 1;
        break;
      }
      MRUN_TRY(check_sizes(head));
      const std::uint64_t key_size = head.key_size(), value_size = head.value_size();
      const bool is_large = key_size + value_size >= kLargePairBytes;
      const std::uint64_t needed =
          static_cast<std::uint64_t>(key - at) + key_size + (is_large ? 0 : value_size);
      if (rest < needed) {
        wanted_ = needed;
        break;
      }
      at += needed;
      if (is_large) {
        MRUN_TRY(begin_large({key, key_size}, head.value_code));
      } else {
        const std::uint8_t* const value = key + key_size;
        MRUN_TRY(add({key, key_size}, head.value_code, {value, value_size}));
      }
    }
    return static_cast<std::size_t>(at - bytes.data);
  }

  Result<void> check_sizes(const PairHead& head) const {
    MRUN_CHECK(head.key_code != 0);
    if (head.key_size() > kTableKeyBytesMax)
      return fail(Code::limit,
                  fmt::format("'{}' would get a key of {} bytes, and a table's have at most {}",
                              setup_.name, head.key_size(), kTableKeyBytesMax),
                  "use --output-format kv or text");
    if (head.value_size() > kTableValueBytesMax)
      return fail(Code::limit,
                  fmt::format("'{}' would get a value of {} bytes, and a table's have at most {}",
                              setup_.name, head.value_size(), kTableValueBytesMax),
                  "use --output-format text");
    return {};
  }

  Result<void> add(Slice key, std::uint64_t value_code, Slice value) {
    const std::size_t plain = key.size + value.size + kPairPlainBytes;
    MRUN_TRY(begin_pair(key, plain));
    block_.add(key, shared_, value_code, value);
    node_plain_bytes_ += plain;
    last_key_.assign(key.data, key.data + key.size);
    return {};
  }

  /// Everything about a pair before it is put into a block: order, its hash, whether a block ends.
  Result<void> begin_pair(Slice key, std::size_t plain) {
    const Slice last = slice_of(last_key_);
    shared_ = common_bytes(last, key);
    const bool is_first = entries_ == 0;
    const bool is_new = is_first || shared_ != key.size || shared_ != last.size;
    std::uint64_t hash = 0;
    if (is_new) {
      if (!is_first && comes_before(key, last)) return wrong_order(last, key);
      hash = table_hash(key);
      ++keys_;
    }
    if (block_.count() != 0) {
      if (block_plain_bytes_ + plain > kBlockPlainBytesMax || (is_new && begins_block(hash, plain)))
        MRUN_TRY(end_block());
    }
    if (block_.count() == 0) {
      MRUN_TRY(open_block(key, is_new));
      if (is_first) first_key_.assign(key.data, key.data + key.size);
    }
    if (is_new) levels_[0].add_key(hash);
    ++entries_;
    block_plain_bytes_ += plain;
    return {};
  }

  bool comes_before(Slice key, Slice last) const {
    if (shared_ == last.size) return false;
    return shared_ == key.size || key.data[shared_] < last.data[shared_];
  }

  Failure wrong_order(Slice last, Slice key) const {
    const std::string message =
        fmt::format("{} of '{}' comes after the key {}, which is greater",
                    "the key " + key_excerpt(key), setup_.name, key_excerpt(last));
    if (!setup_.is_ordered_by_job)
      return fail(Code::integrity, message, "this is a bug in mrun; no output was made");
    return fail(
        Code::plugin, message,
        "a table's keys, the first fields of the records, must come in byte order: write them "
        "in the order of the job's keys, or use --output-format text");
  }

  Result<void> open_block(Slice key, bool is_new) {
    if (levels_.empty()) levels_.emplace_back();
    if (levels_[0].is_full(node_plain_bytes_)) MRUN_TRY(close_node(0));
    // The shortest prefix of the key that is greater than the key before.
    std::uint8_t flags = is_new ? 0 : TableSlot::kContinued;
    std::size_t size = entries_ == 0 ? 0 : is_new ? shared_ + 1 : key.size;
    if (size > kSeparatorBytesMax) {
      size = kSeparatorBytesMax;
      flags = static_cast<std::uint8_t>(flags | TableSlot::kCut);
    }
    levels_[0].open_child({key.data, size}, flags);
    return {};
  }

  Result<void> end_block() {
    const Slice raw = block_.finish();
    MRUN_TRY(make_room(kBlockRawBytesMax));
    TableSlot slot;
    slot.offset = offset();
    slot.raw_bytes = raw.size;
    slot.entries = block_.count();
    compress(raw, slot);
    slot.checksum = hash64(out_.get() + out_size_, slot.stored_bytes);
    out_size_ += slot.stored_bytes;
    close_block(slot);
    return {};
  }

  /// Puts the block behind what is in `out_`. What does not shrink by an eighth stays as it is.
  void compress(Slice raw, TableSlot& slot) {
    const std::span<std::byte> out(reinterpret_cast<std::byte*>(out_.get() + out_size_),
                                   raw.size - raw.size / 8);
    std::size_t stored = 0;
    if (setup_.codec == TableCodec::lz4) stored = lz4_compress(as_bytes(raw.data, raw.size), out);
    if (setup_.codec == TableCodec::zstd)
      stored = zstd_->compress(as_bytes(raw.data, raw.size), out);
    slot.codec = stored == 0 ? TableCodec::none : setup_.codec;
    slot.stored_bytes = stored == 0 ? raw.size : stored;
    if (stored == 0) std::memcpy(out_.get() + out_size_, raw.data, raw.size);
  }

  void close_block(const TableSlot& slot) {
    levels_[0].close_child(slot);
    raw_bytes_ += slot.raw_bytes;
    ++blocks_;
    block_.clear();
    block_plain_bytes_ = 0;
  }

  Result<void> begin_large(Slice key, std::uint64_t value_code) {
    const std::uint64_t value_size = value_code == 0 ? 0 : value_code - 1;
    if (block_.count() != 0) MRUN_TRY(end_block());
    MRUN_TRY(begin_pair(key, key.size + value_size + kPairPlainBytes));
    node_plain_bytes_ += key.size + value_size + kPairPlainBytes;
    last_key_.assign(key.data, key.data + key.size);
    large_ = {};
    large_.offset = offset();
    large_.entries = 1;
    large_hash_.reset();
    std::uint8_t head[BlockEncoder::kPairHeadBytesMost];
    const std::uint8_t* const end = BlockEncoder::put_head(head, 0, key.size, value_code);
    MRUN_TRY(write_large({head, static_cast<std::uint64_t>(end - head)}));
    MRUN_TRY(write_large(slice_of(last_key_)));
    value_left_ = value_size;
    return value_left_ == 0 ? end_large() : Result<void>();
  }

  Result<void> write_large(Slice bytes) {
    large_hash_.update(as_bytes(bytes.data, bytes.size));
    large_.raw_bytes += bytes.size;
    return put(bytes);
  }

  Result<void> end_large() {
    // One restart, at 0.
    static constexpr std::uint8_t kRestarts[8] = {0, 0, 0, 0, 1, 0, 0, 0};
    MRUN_TRY(write_large({kRestarts, sizeof kRestarts}));
    large_.stored_bytes = large_.raw_bytes;
    large_.checksum = large_hash_.value();
    close_block(large_);
    return {};
  }

  /// Writes the node of a level that is open, and makes it a child of the one above.
  Result<void> close_node(std::size_t level) {
    MRUN_TRY_ASSIGN(const TableSlot slot, write_node(level));
    if (level + 1 == levels_.size()) {
      MRUN_CHECK(levels_.size() < kTableLevelsMax);
      levels_.emplace_back();
    } else if (levels_[level + 1].is_full(0)) {
      MRUN_TRY(close_node(level + 1));
    }
    levels_[level + 1].open_child(levels_[level].first_separator(), levels_[level].first_flags());
    levels_[level + 1].close_child(slot);
    levels_[level].clear();
    if (level == 0) node_plain_bytes_ = 0;
    return {};
  }

  Result<TableSlot> write_node(std::size_t level) {
    MRUN_TRY(make_room(levels_[level].bytes_most()));
    const TableSlot slot = levels_[level].write(offset(), out_.get() + out_size_);
    out_size_ += slot.stored_bytes;
    ++nodes_;
    return slot;
  }

  /// Ends the open nodes from the lowest level up; returns the slot of the last one, the root.
  Result<TableSlot> end_nodes(std::uint32_t& levels) {
    std::size_t level = 0;
    for (; level + 1 < levels_.size(); ++level)
      if (!levels_[level].is_empty()) MRUN_TRY(close_node(level));
    levels = static_cast<std::uint32_t>(levels_.size());
    return write_node(level);
  }

  std::uint64_t offset() const { return written_bytes_ + out_size_; }

  Result<void> make_room(std::size_t size) {
    MRUN_CHECK(size <= kOutBytes);
    return kOutBytes - out_size_ < size ? flush() : Result<void>();
  }
  Result<void> put(Slice bytes) {
    while (bytes.size != 0) {
      if (out_size_ == kOutBytes) MRUN_TRY(flush());
      const std::size_t size = std::min<std::size_t>(bytes.size, kOutBytes - out_size_);
      std::memcpy(out_.get() + out_size_, bytes.data, size);
      out_size_ += size;
      bytes = {bytes.data + size, bytes.size - size};
    }
    return {};
  }
  Result<void> flush() {
    MRUN_TRY((*write_)(as_bytes(out_.get(), out_size_)));
    written_bytes_ += out_size_;
    out_size_ = 0;
    return {};
  }

  const Setup setup_;
  Charge charge_;
  std::optional<ZstdCompressor> zstd_;

  std::vector<std::uint8_t> carry_;  // The begin of a pair whose rest has not come.
  std::uint64_t wanted_ = 0;         // Bytes that `carry_` needs before it is looked at again.

  std::vector<std::uint8_t> first_key_, last_key_;
  std::size_t shared_ = 0;  // Bytes that the pair at hand has in common with `last_key_`.
  std::uint64_t entries_ = 0, keys_ = 0, blocks_ = 0, nodes_ = 0, raw_bytes_ = 0;

  BlockEncoder block_;
  std::size_t block_plain_bytes_ = 0;
  std::uint64_t node_plain_bytes_ = 0;  // Of the node of level 1.
  std::vector<NodeBuilder> levels_;     // Level 1 first.

  TableSlot large_;  // The block of a large pair, as it grows.
  Hash64Stream large_hash_;
  std::uint64_t value_left_ = 0;  // Of the large pair.

  const Write* write_ = nullptr;  // Of the call at hand.
  std::unique_ptr<std::uint8_t[]> out_;
  std::size_t out_size_ = 0;
  std::uint64_t written_bytes_ = 0;
};

TableBuilder::TableBuilder(std::unique_ptr<State> state) : state_(std::move(state)) {}
TableBuilder::TableBuilder(TableBuilder&&) noexcept = default;
TableBuilder& TableBuilder::operator=(TableBuilder&&) noexcept = default;
TableBuilder::~TableBuilder() = default;

Result<TableBuilder> TableBuilder::create(Setup setup) {
  Charge charge;
  if (!charge.try_add(*setup.budget, memory_bytes(setup.codec)))
    return fail(Code::limit, fmt::format("no memory is left to write '{}' in", setup.name),
                "give more --memory");
  std::optional<ZstdCompressor> zstd;
  if (setup.codec == TableCodec::zstd) {
    MRUN_TRY_ASSIGN(zstd, ZstdCompressor::create());
  }
  return TableBuilder(
      std::make_unique<State>(std::move(setup), std::move(charge), std::move(zstd)));
}

Result<void> TableBuilder::append(std::span<const std::byte> pairs, const Write& write) {
  return state_->append({reinterpret_cast<const std::uint8_t*>(pairs.data()), pairs.size()}, write);
}

Result<TableInfo> TableBuilder::finish(const Write& write) { return state_->finish(write); }

}  // namespace mrun
