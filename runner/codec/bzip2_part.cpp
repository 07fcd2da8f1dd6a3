// Blocks of bzip2, decoded by libbz2, and the streams around them, which are read here.
//
// libbz2 knows whole streams only. It is given a stream's header and then the bits from a block on,
// moved to a byte's beginning. It says how far it has read when a block's contents are complete, so
// where the block ends is known, whatever its bytes look like, and what follows is looked at here:
// a next block goes on in libbz2, an end is compared with the blocks' checksums.
#include <bzlib.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "codec/bzip2_bits.hpp"
#include "codec/part_decoder.hpp"

namespace mrun {
namespace {

Failure damaged(const char* why) { return fail(Code::integrity, why); }

struct Bzip2Checks final : StreamChecks {
  std::uint32_t sum = 0;  ///< Over the blocks so far, as the stream's end holds it.
  unsigned level = 9;     ///< A block holds at most as many times 100,000 bytes.

  void add_block(std::uint32_t block_sum) { sum = (sum << 1 | sum >> 31) ^ block_sum; }
};

class Bzip2Part final : public Decoder {
 public:
  explicit Bzip2Part(const FilePart& part)
      : begin_(part.begin_bit % 8),
        end_(part.end_bit - part.begin_byte() * 8),
        wanted_bytes_(static_cast<std::size_t>(part.end_byte() - part.begin_byte())),
        at_(begin_) {
    if (part.first_bytes.size() > 3)
      level_ = std::to_integer<unsigned>(part.first_bytes[3]) - unsigned{'0'};
  }
  ~Bzip2Part() override { close(); }

  Result<Step> step(std::span<const std::byte> in, std::span<std::byte> out) override {
    Step step;
    if (stored_.size() < wanted_bytes_ && !has_ended()) {
      const auto* const bytes = reinterpret_cast<const std::uint8_t*>(in.data());
      step.taken = std::min(in.size(), wanted_bytes_ - stored_.size());
      stored_.reserve(wanted_bytes_);
      stored_.insert(stored_.end(), bytes, bytes + step.taken);
      if (stored_.size() < wanted_bytes_) return step;
      MRUN_TRY(begin());
    }
    while (!has_ended() && step.given < out.size()) {
      if (!in_block_) {
        MRUN_TRY(read_marks());
        if (has_ended()) break;
      }
      MRUN_TRY_ASSIGN(const std::size_t given, give(out.subspan(step.given)));
      step.given += given;
    }
    if (has_ended()) {
      close();
      stored_ = {};
      shifted_ = {};
    }
    return step;
  }

  bool may_end() const override { return has_ended() && !in_stream_; }
  bool is_between_units() const override { return has_ended(); }

  bool join(std::unique_ptr<StreamChecks>& checks) override {
    if (!begins_stream_) {
      auto* const before = dynamic_cast<Bzip2Checks*>(checks.get());
      if (before == nullptr || before->level != level_) return false;
      for (const std::uint32_t sum : first_blocks_) before->add_block(sum);
      if (!first_end_) return true;
      if (*first_end_ != before->sum) return false;
    } else if (checks != nullptr) {
      return false;
    }
    checks = std::move(stream_);
    return true;
  }

 private:
  bool has_ended() const { return at_ == end_ && !in_block_; }

  /// Once all bytes are there: whether they begin with a stream or amid one.
  Result<void> begin() {
    if (level_ < 1 || level_ > 9) return damaged("no level of bzip2");
    begins_stream_ = begin_ == 0 && stored_[0] == 'B';
    in_stream_ = !begins_stream_;
    return {};
  }

  bool can_read(unsigned bits) const { return at_ + bits <= stored_.size() * 8; }

  /// Reads what stands between blocks, up to the next block or the part's end.
  Result<void> read_marks() {
    while (at_ != end_) {
      if (!in_stream_) {
        MRUN_TRY(read_header());
        continue;
      }
      if (!can_read(80)) return damaged("it ends too early");
      const std::uint64_t magic = bits_at(stored_, at_, 48);
      const auto sum = static_cast<std::uint32_t>(bits_at(stored_, at_ + 48, 32));
      if (magic == kBzip2BlockMagic) {
        if (stream_)
          stream_->add_block(sum);
        else
          first_blocks_.push_back(sum);
        return begin_block();
      }
      if (magic != kBzip2EndMagic) return damaged("no block begins here");
      MRUN_TRY(end_stream(sum));
    }
    return {};
  }

  Result<void> read_header() {
    if (!can_read(32)) return damaged("it ends too early");
    const std::uint64_t header = bits_at(stored_, at_, 32);
    if (header >> 8 != 0x425a68 || (header & 0xff) < '1' || (header & 0xff) > '9')
      return damaged("no stream begins here");
    stream_ = std::make_unique<Bzip2Checks>();
    stream_->level = static_cast<unsigned>(header & 0xff) - unsigned{'0'};
    at_ += 32;
    in_stream_ = true;
    return {};
  }

  Result<void> end_stream(std::uint32_t sum) {
    if (stream_ && stream_->sum != sum) return damaged("a stream's checksum is wrong");
    if (!stream_) first_end_ = sum;
    stream_.reset();
    close();
    in_stream_ = false;
    at_ = (at_ + 80 + 7) / 8 * 8;  // Streams begin with whole bytes.
    return {};
  }

  /// Has libbz2 read the block at `at_` to its end.
  Result<void> begin_block() {
    if (!bz_) MRUN_TRY(open());
    const std::size_t fed = feed_.size() - bz_->avail_in;
    // With no room libbz2 stops where the block's contents begin.
    char nothing = 0;
    bz_->next_out = &nothing;
    bz_->avail_out = 0;
    if (BZ2_bzDecompress(&*bz_) != BZ_OK) return damaged("a block's form is wrong");
    in_block_ = true;
    is_block_empty_ = true;
    const std::size_t read = feed_.size() - bz_->avail_in;
    if (read == fed) return damaged("it ends too early");
    return {};
  }

  Result<void> open() {
    bz_.emplace();
    if (BZ2_bzDecompressInit(&*bz_, 0, 0) != BZ_OK) {
      bz_.reset();
      return fail(Code::limit, "out of memory while decompressing");
    }
    feed_begin_ = at_;
    feed_ = std::span(stored_).subspan(static_cast<std::size_t>(at_ / 8));
    // Behind a stream's header blocks begin with a byte; what follows the first one may not.
    if (at_ % 8 != 0) {
      const unsigned shift = at_ % 8;
      shifted_.assign(feed_.begin(), feed_.end());
      for (std::size_t i = 0; i < shifted_.size(); ++i) {
        const unsigned here = feed_[i];
        const unsigned next = i + 1 < feed_.size() ? feed_[i + 1] : 0u;
        shifted_[i] = static_cast<std::uint8_t>(here << shift | next >> (8 - shift));
      }
      feed_ = shifted_;
    }
    char header[] = {'B', 'Z', 'h', static_cast<char>('0' + (stream_ ? stream_->level : level_))};
    char nothing = 0;
    bz_->next_in = header;
    bz_->avail_in = sizeof header;
    bz_->next_out = &nothing;
    bz_->avail_out = 0;
    if (BZ2_bzDecompress(&*bz_) != BZ_OK) return damaged("no stream begins here");
    bz_->next_in = reinterpret_cast<char*>(feed_.data());
    bz_->avail_in = static_cast<unsigned>(feed_.size());
    return {};
  }

  /// Takes the contents of the block that was read; at their end, finds what follows.
  Result<std::size_t> give(std::span<std::byte> out) {
    constexpr std::size_t kMost = std::size_t{1} << 30;
    const auto room = static_cast<unsigned>(std::min(out.size(), kMost));
    char* const next_in = bz_->next_in;
    const unsigned avail_in = bz_->avail_in;
    bz_->avail_in = 0;  // It would read on into the next block.
    bz_->next_out = reinterpret_cast<char*>(out.data());
    bz_->avail_out = room;
    const int result = BZ2_bzDecompress(&*bz_);
    bz_->next_in = next_in;
    bz_->avail_in = avail_in;
    if (result != BZ_OK) return damaged("a block's checksum is wrong");
    const std::size_t given = room - bz_->avail_out;
    if (given > 0) is_block_empty_ = false;
    if (given < room) {
      // A block that was not complete gives nothing.
      if (is_block_empty_) return damaged("it ends too early");
      MRUN_TRY(end_block());
    }
    return given;
  }

  /// The block's last bit is one of the last byte that libbz2 has read.
  Result<void> end_block() {
    in_block_ = false;
    const std::uint64_t last_byte = feed_begin_ + (feed_.size() - bz_->avail_in - 1) * 8;
    for (at_ = last_byte + 1; at_ <= last_byte + 8; ++at_) {
      if (at_ == end_) return {};
      if (!can_read(48)) continue;
      const std::uint64_t magic = bits_at(stored_, at_, 48);
      if (magic == kBzip2BlockMagic || magic == kBzip2EndMagic) return {};
    }
    return damaged("no block begins where one ends");
  }

  void close() {
    if (bz_) BZ2_bzDecompressEnd(&*bz_);
    bz_.reset();
  }

  const std::uint64_t begin_, end_;  ///< In bits of `stored_`, as all places here.
  const std::size_t wanted_bytes_;
  std::vector<std::uint8_t> stored_;
  std::uint64_t at_;  ///< Of the next mark, or of the block at hand.
  bool begins_stream_ = true;
  bool in_stream_ = false;  ///< A block or the stream's end is next, else a header.
  bool in_block_ = false;   ///< libbz2 holds contents that were not taken.
  bool is_block_empty_ = true;
  std::optional<bz_stream> bz_;
  std::vector<std::uint8_t> shifted_;
  std::span<std::uint8_t> feed_;  ///< What libbz2 reads, from the bit `feed_begin_` on.
  std::uint64_t feed_begin_ = 0;
  unsigned level_ = 0;                       ///< Of the stream that began before the part.
  std::vector<std::uint32_t> first_blocks_;  ///< Checksums of that stream's blocks,
  std::optional<std::uint32_t> first_end_;   ///< and what its end says.
  std::unique_ptr<Bzip2Checks> stream_;      ///< Of the stream at hand, if it began in the part.
};

}  // namespace

std::unique_ptr<Decoder> make_bzip2_part(const FilePart& part) {
  return std::make_unique<Bzip2Part>(part);
}

}  // namespace mrun
