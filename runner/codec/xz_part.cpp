// Blocks of xz, decoded one by one, and the streams around them, which are read here.
#include <lzma.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "codec/part_decoder.hpp"

namespace mrun {
namespace {

Failure damaged(const char* why) { return fail(Code::integrity, why); }
Failure no_memory() { return fail(Code::limit, "out of memory while decompressing"); }

struct EndHash {
  void operator()(lzma_index_hash* hash) const { lzma_index_hash_end(hash, nullptr); }
};

/// The sizes of a stream's blocks, which its index lists once more.
struct XzChecks final : StreamChecks {
  std::unique_ptr<lzma_index_hash, EndHash> hash{lzma_index_hash_init(nullptr, nullptr)};
  lzma_stream_flags flags{};
};

struct BlockSizes {
  lzma_vli unpadded, text;
};

/// Finds the end of an index whose blocks are not known: a zero, the number of records, two numbers
/// a record, zeros up to a multiple of four bytes, and a checksum.
class IndexEnd {
 public:
  /// Whether `byte` is the index's last.
  bool is_last(std::uint8_t byte) {
    ++size_;
    if (size_ == 1) return false;
    if (numbers_left_ == 0) return --tail_left_ == 0;
    if (is_count_ && shift_ < 63) count_ |= std::uint64_t{byte & 0x7fu} << shift_;
    shift_ += 7;
    if ((byte & 0x80) != 0) return false;
    shift_ = 0;
    numbers_left_ = is_count_ ? count_ * 2 : numbers_left_ - 1;
    is_count_ = false;
    if (numbers_left_ == 0) tail_left_ = (4 - size_ % 4) % 4 + 4;
    return false;
  }

 private:
  std::size_t size_ = 0;
  std::uint64_t count_ = 0, numbers_left_ = 1;
  std::size_t tail_left_ = 0;
  unsigned shift_ = 0;
  bool is_count_ = true;
};

class XzPart final : public Decoder {
 public:
  XzPart(const FilePart& part, std::size_t memory_bytes) : memory_bytes_(memory_bytes) {
    // Byte 7 of a file names the check that ends each block of its stream.
    if (part.first_bytes.size() > 7)
      flags_.check = static_cast<lzma_check>(std::to_integer<unsigned>(part.first_bytes[7]) & 15);
    held_.reserve(LZMA_BLOCK_HEADER_SIZE_MAX);
  }
  ~XzPart() override { lzma_end(&block_stream_); }

  Result<Step> step(std::span<const std::byte> in, std::span<std::byte> out) override {
    Step step;
    for (bool goes_on = true; goes_on;) {
      const std::size_t taken = step.taken, given = step.given;
      const Where where = where_;
      MRUN_TRY(advance(in, out, step));
      goes_on = step.taken != taken || step.given != given || where_ != where;
    }
    return step;
  }

  bool may_end() const override { return where_ == Where::padding && padding_bytes_ % 4 == 0; }
  bool is_between_units() const override {
    return may_end() || (where_ == Where::block_header && held_.empty());
  }

  bool join(std::unique_ptr<StreamChecks>& checks) override {
    if (!begins_stream_) {
      auto* const before = dynamic_cast<XzChecks*>(checks.get());
      if (before == nullptr || before->flags.check != flags_.check) return false;
      for (const BlockSizes& sizes : first_blocks_)
        if (lzma_index_hash_append(before->hash.get(), sizes.unpadded, sizes.text) != LZMA_OK)
          return false;
      if (!first_end_) return true;
      std::size_t at = 0;
      if (lzma_index_hash_decode(before->hash.get(), first_index_.data(), &at,
                                 first_index_.size()) != LZMA_STREAM_END ||
          !is_end_of(*before, *first_end_))
        return false;
    } else if (checks != nullptr) {
      return false;
    }
    checks = std::move(stream_);
    return true;
  }

 private:
  enum class Where : std::uint8_t { padding, header, block_header, block, index, footer };

  /// An index that the blocks before the part are needed for is kept until they are known.
  static constexpr std::size_t kIndexMost = std::size_t{1} << 20;

  /// Does what comes next, as far as `in` and `out` reach.
  Result<void> advance(std::span<const std::byte> in, std::span<std::byte> out, Step& step) {
    switch (where_) {
      case Where::padding:
        return pass_padding(in, step);
      case Where::header:
        return read_header(in, step);
      case Where::block_header:
        return read_block_header(in, step);
      case Where::block:
        return read_block(in, out, step);
      case Where::index:
        return read_index(in, step);
      case Where::footer:
        return read_footer(in, step);
    }
    return {};
  }

  /// Takes bytes until `size` are held; false where `in` has too few.
  bool hold(std::span<const std::byte> in, Step& step, std::size_t size) {
    const std::size_t more = std::min(size - held_.size(), in.size() - step.taken);
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(in.data()) + step.taken;
    held_.insert(held_.end(), bytes, bytes + more);
    step.taken += more;
    return held_.size() == size;
  }

  Result<void> pass_padding(std::span<const std::byte> in, Step& step) {
    while (step.taken < in.size() && in[step.taken] == std::byte{0} && has_streams_) {
      ++step.taken;
      ++padding_bytes_;
    }
    if (step.taken == in.size()) return {};
    if (padding_bytes_ % 4 != 0) return damaged("padding that is no multiple of 4 bytes");
    padding_bytes_ = 0;
    // The first bytes of the part may be a block's.
    const bool is_amid_stream = !has_streams_ && in[step.taken] != std::byte{0xfd};
    if (is_amid_stream) begins_stream_ = false;
    has_streams_ = true;
    where_ = is_amid_stream ? Where::block_header : Where::header;
    return {};
  }

  Result<void> read_header(std::span<const std::byte> in, Step& step) {
    if (!hold(in, step, LZMA_STREAM_HEADER_SIZE)) return {};
    stream_ = std::make_unique<XzChecks>();
    if (stream_->hash == nullptr) return no_memory();
    if (lzma_stream_header_decode(&stream_->flags, held_.data()) != LZMA_OK)
      return damaged("no stream begins here");
    held_.clear();
    where_ = Where::block_header;
    return {};
  }

  Result<void> read_block_header(std::span<const std::byte> in, Step& step) {
    if (held_.empty()) {
      if (step.taken == in.size()) return {};
      if (in[step.taken] == std::byte{0}) {
        where_ = Where::index;
        return {};
      }
      hold(in, step, 1);
    }
    if (!hold(in, step, lzma_block_header_size_decode(held_[0]))) return {};
    std::array<lzma_filter, LZMA_FILTERS_MAX + 1> filters{};
    block_ = {};
    block_.header_size = static_cast<std::uint32_t>(held_.size());
    block_.check = (stream_ ? stream_->flags : flags_).check;
    block_.filters = filters.data();
    if (lzma_block_header_decode(&block_, nullptr, held_.data()) != LZMA_OK)
      return damaged("no block begins here");
    const bool has_memory = lzma_raw_decoder_memusage(filters.data()) <= memory_bytes_;
    const lzma_ret result =
        has_memory ? lzma_block_decoder(&block_stream_, &block_) : LZMA_MEMLIMIT_ERROR;
    for (const lzma_filter& filter : filters) {
      if (filter.id == LZMA_VLI_UNKNOWN) break;
      std::free(filter.options);  // Of liblzma's making, which asks for it.
    }
    block_.filters = nullptr;
    if (result != LZMA_OK) return no_memory();
    held_.clear();
    where_ = Where::block;
    return {};
  }

  Result<void> read_block(std::span<const std::byte> in, std::span<std::byte> out, Step& step) {
    block_stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data()) + step.taken;
    block_stream_.avail_in = in.size() - step.taken;
    block_stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data()) + step.given;
    block_stream_.avail_out = out.size() - step.given;
    const lzma_ret result = lzma_code(&block_stream_, LZMA_RUN);
    step = {in.size() - block_stream_.avail_in, out.size() - block_stream_.avail_out};
    if (result == LZMA_OK || result == LZMA_BUF_ERROR) return {};
    if (result != LZMA_STREAM_END) return damaged("a checksum or its form is wrong");
    lzma_end(&block_stream_);  // Its window, which the next block's decoder makes anew.
    block_stream_ = LZMA_STREAM_INIT;
    const BlockSizes sizes{lzma_block_unpadded_size(&block_), block_.uncompressed_size};
    if (!stream_)
      first_blocks_.push_back(sizes);
    else if (lzma_index_hash_append(stream_->hash.get(), sizes.unpadded, sizes.text) != LZMA_OK)
      return damaged("its blocks are too large");
    where_ = Where::block_header;
    return {};
  }

  Result<void> read_index(std::span<const std::byte> in, Step& step) {
    const std::size_t size = in.size() - step.taken;
    if (size == 0) return {};
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(in.data()) + step.taken;
    if (stream_) {
      std::size_t taken = 0;
      const lzma_ret result = lzma_index_hash_decode(stream_->hash.get(), bytes, &taken, size);
      step.taken += taken;
      if (result == LZMA_OK) return {};
      if (result != LZMA_STREAM_END) return damaged("its index is wrong");
      where_ = Where::footer;
      return {};
    }
    for (std::size_t i = 0; i < size; ++i) {
      first_index_.push_back(bytes[i]);
      ++step.taken;
      if (first_index_.size() > kIndexMost) return damaged("its index is too long");
      if (!index_end_.is_last(bytes[i])) continue;
      where_ = Where::footer;
      break;
    }
    return {};
  }

  Result<void> read_footer(std::span<const std::byte> in, Step& step) {
    if (!hold(in, step, LZMA_STREAM_HEADER_SIZE)) return {};
    lzma_stream_flags footer;
    if (lzma_stream_footer_decode(&footer, held_.data()) != LZMA_OK)
      return damaged("no stream ends here");
    if (!stream_)
      first_end_ = footer;
    else if (!is_end_of(*stream_, footer))
      return damaged("its streams' ends are wrong");
    stream_.reset();
    held_.clear();
    where_ = Where::padding;
    return {};
  }

  static bool is_end_of(const XzChecks& stream, const lzma_stream_flags& footer) {
    return lzma_stream_flags_compare(&stream.flags, &footer) == LZMA_OK &&
           footer.backward_size == lzma_index_hash_size(stream.hash.get());
  }

  const std::size_t memory_bytes_;
  Where where_ = Where::padding;
  std::vector<std::uint8_t> held_;  ///< Of a header or footer that is not complete.
  std::uint64_t padding_bytes_ = 0;
  bool has_streams_ = false;  ///< Padding may stand here.
  bool begins_stream_ = true;
  lzma_stream block_stream_ = LZMA_STREAM_INIT;
  lzma_block block_{};
  std::unique_ptr<XzChecks> stream_;  ///< Of the stream at hand, if it began in the part.
  lzma_stream_flags flags_{};         ///< Of the stream that began before the part, its blocks,
  std::vector<BlockSizes> first_blocks_;
  std::vector<std::uint8_t> first_index_;  ///< and what it ends with.
  IndexEnd index_end_;
  std::optional<lzma_stream_flags> first_end_;
};

}  // namespace

std::unique_ptr<Decoder> make_xz_part(const FilePart& part, std::size_t memory_bytes) {
  return std::make_unique<XzPart>(part, memory_bytes);
}

}  // namespace mrun
