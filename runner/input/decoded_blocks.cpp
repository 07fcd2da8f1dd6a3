#include "input/decoded_blocks.hpp"

#include <algorithm>
#include <array>

#include "input/decoded_bytes.hpp"
#include "input/short_record.hpp"
#include "input/window_blocks.hpp"

namespace mrun {
namespace {

/// So many frames that are to be skipped are passed in search of one that says in which of the two
/// formats units are to be looked for. More only cost the other threads their part.
constexpr std::size_t kSkippedFramesMost = 64;

class DecodedBlocks final : public WindowBlocks {
 public:
  DecodedBlocks(std::string path, DecodedBytes text, const BlockRules& rules, WindowBuffer& buffer)
      : WindowBlocks(rules, buffer), path_(std::move(path)), text_(std::move(text)) {}

  Result<bool> next(Block& block) override {
    drop_handed_out();
    while (!hand_out(block, UINT64_MAX, has_ended_)) {
      if (has_ended_) return false;
      MRUN_TRY(read_more());
    }
    return true;
  }

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
  bool has_ended_ = false;  ///< The buffer holds the text's last bytes.
};

}  // namespace

Result<Compression> compression_of(const ReadFile& file) {
  std::array<std::byte, kMagicBytes> magic{};
  Compression first = Compression::none;
  std::uint64_t at = 0;
  for (std::size_t frames = 0; frames <= kSkippedFramesMost; ++frames) {
    MRUN_TRY_ASSIGN(const std::size_t got, file.read_at(magic, at));
    const auto begin = std::span<const std::byte>(magic).first(got);
    const Compression here = compression_of(begin);
    if (frames == 0) first = here;
    if (const auto skipped = skippable_frame_bytes(begin))
      at += *skipped;
    else
      return here == Compression::lz4 ? here : first;
  }
  return first;
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
  MRUN_TRY_ASSIGN(DecodedBytes text, DecodedBytes::create({path, compression, std::move(read),
                                                           memory_bytes, buffer.budget()}));
  MRUN_TRY(prepare_buffer(path, 0, rules, buffer));
  return std::unique_ptr<BlockSource>(
      std::make_unique<DecodedBlocks>(path, std::move(text), rules, buffer));
}

}  // namespace mrun
