#include "input/decoded_blocks.hpp"

#include <algorithm>
#include <array>

#include "input/decoded_bytes.hpp"
#include "input/short_record.hpp"

namespace mrun {
namespace {

class DecodedBlocks final : public BlockSource {
 public:
  DecodedBlocks(std::string path, DecodedBytes text, const BlockRules& rules, WindowBuffer& buffer)
      : path_(std::move(path)), text_(std::move(text)), rules_(rules), buffer_(buffer) {
    buffer_.clear();
  }

  Result<bool> next(Block& block) override {
    buffer_.drop_front(handed_out_);
    handed_out_ = 0;
    for (;;) {
      if (buffer_.size() > 0) {
        const Window window{buffer_.data(), buffer_.size(), at_, has_ended_};
        if (const auto size = rules_.cutter.block_end(window, UINT64_MAX, rules_.block_bytes)) {
          block = {{window.data, *size}, at_, nullptr};
          at_ += *size;
          handed_out_ = *size;
          return true;
        }
      }
      if (has_ended_) return false;
      MRUN_TRY(read_more());
    }
  }

  Result<void> check() const override { return {}; }
  std::int64_t decoded_bytes_more() const override {
    return static_cast<std::int64_t>(text_.text_bytes() - text_.stored_bytes());
  }

 private:
  Result<void> read_more() {
    MRUN_TRY(buffer_.make_room(path_, at_));
    const std::size_t wanted = buffer_.free_size();
    MRUN_TRY_ASSIGN(const std::size_t got,
                    text_.read({reinterpret_cast<std::byte*>(buffer_.free_data()), wanted}));
    buffer_.added(got);
    has_ended_ = got < wanted;
    if (!has_ended_ || !rules_.cutter.is_fixed()) return {};
    return check_whole_records(path_, text_.text_bytes(), rules_.cutter.fixed_bytes());
  }

  std::string path_;
  DecodedBytes text_;
  BlockRules rules_;
  WindowBuffer& buffer_;
  std::uint64_t at_ = 0;  ///< Offset in the text of the buffer's first byte.
  std::size_t handed_out_ = 0;
  bool has_ended_ = false;  ///< The buffer holds the text's last bytes.
};

}  // namespace

Result<Compression> compression_of(const ReadFile& file) {
  std::array<std::byte, kMagicBytes> magic{};
  MRUN_TRY_ASSIGN(const std::size_t got, file.read_at(magic, 0));
  return compression_of(std::span<const std::byte>(magic).first(got));
}

Result<std::unique_ptr<BlockSource>> make_decoded_blocks(ReadFile file, Compression compression,
                                                         std::size_t memory_bytes,
                                                         const BlockRules& rules,
                                                         WindowBuffer& buffer) {
  const std::string path = file.path();
  const auto stored = std::make_shared<const ReadFile>(std::move(file));
  auto read = [stored,
               at = std::uint64_t{0}](std::span<std::byte> room) mutable -> Result<std::size_t> {
    // Bytes beyond the size that was listed are never read: there the identity check fails.
    const std::uint64_t left = stored->info().size_bytes - at;
    MRUN_TRY_ASSIGN(const std::size_t got,
                    stored->read_at(room.first(std::min<std::uint64_t>(room.size(), left)), at));
    at += got;
    return got;
  };
  MRUN_TRY_ASSIGN(DecodedBytes text, DecodedBytes::create(path, compression, std::move(read),
                                                          memory_bytes, buffer.budget()));
  const RecordCutter& cutter = rules.cutter;
  if (cutter.is_fixed() && cutter.fixed_bytes() > WindowBuffer::longest_record(buffer.budget()))
    return record_too_long(path, 0, cutter.fixed_bytes(), buffer.budget());
  if (buffer.capacity() == 0) MRUN_TRY(buffer.allocate(rules.block_bytes, 0));
  return std::unique_ptr<BlockSource>(
      std::make_unique<DecodedBlocks>(path, std::move(text), rules, buffer));
}

}  // namespace mrun
