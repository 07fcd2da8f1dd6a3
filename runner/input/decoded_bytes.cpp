#include "input/decoded_bytes.hpp"

#include <algorithm>

#include "base/size_text.hpp"

namespace mrun {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;

/// What decodes to more than this is made to do harm: honest and large files stay far below the
/// ratio (gzip knows no more than 1032), and of small ones it does not matter.
constexpr std::uint64_t kRatioMost = 10'000;
constexpr std::uint64_t kAlwaysAllowedBytes = std::uint64_t{1} << 30;

// zstd and xz files say how much they need, and may have all there is.
std::size_t decoder_memory(Compression compression, std::size_t memory_bytes) {
  const bool has_window = compression == Compression::zstd || compression == Compression::xz;
  return has_window ? memory_bytes : decoder_bytes(compression);
}

}  // namespace

Result<DecodedBytes> DecodedBytes::create(Source source, DecodingPlace place) {
  const std::size_t wanted = decoder_memory(source.compression, source.memory_bytes);
  const Compression compression = source.compression;
  return create(std::move(source), wanted, place,
                [&] { return make_decoder(compression, wanted, place.in_legacy_frame); });
}

Result<DecodedBytes> DecodedBytes::create(Source source, const FilePart& part) {
  const std::size_t window = decoder_memory(source.compression, source.memory_bytes);
  const Compression compression = source.compression;
  return create(std::move(source), part_decoder_bytes(compression, part, window),
                {part.begin_byte(), 0, part.in_legacy_frame},
                [&] { return make_part_decoder(compression, part, window); });
}

template <typename Make>
Result<DecodedBytes> DecodedBytes::create(Source source, std::size_t wanted, DecodingPlace place,
                                          const Make& make) {
  Charge charge;
  if (wanted > source.memory_bytes || !charge.try_add(source.budget, wanted))
    return fail(Code::limit,
                "to decompress '" + source.path + "' takes " + size_text(wanted) +
                    ", and --memory leaves " + size_text(source.memory_bytes),
                "give more with --memory, or use fewer threads with -j");
  MRUN_TRY_ASSIGN(auto decoder, make());
  MRUN_TRY_ASSIGN(PageBuffer stored, PageBuffer::allocate(source.budget, kReadBytes));
  return DecodedBytes(std::move(source), std::move(decoder), std::move(charge), std::move(stored),
                      place);
}

Result<std::size_t> DecodedBytes::read(std::span<std::byte> out) {
  std::size_t done = 0;
  bool goes_on = true;
  while (goes_on && done < out.size()) {
    std::span<std::byte> room = out.subspan(done);
    const bool is_skipped = text_bytes_ < skipped_to_;
    if (is_skipped)
      room = room.first(std::min<std::uint64_t>(room.size(), skipped_to_ - text_bytes_));
    const std::uint64_t before = text_bytes_;
    MRUN_TRY_ASSIGN(goes_on, advance(room));
    if (!is_skipped) done += static_cast<std::size_t>(text_bytes_ - before);
  }
  return done;
}

Result<void> DecodedBytes::check_rest(std::span<std::byte> room) {
  for (;;) {
    MRUN_TRY_ASSIGN(const bool goes_on, advance(room));
    if (!goes_on) return {};
  }
}

void DecodedBytes::rest() {
  if (!is_between_units()) return;
  decoder_->rest();
  charge_.reset();
  stored_ = {};
}

/// One step of the decoder; false where the text ends or no more may be taken.
Result<bool> DecodedBytes::advance(std::span<std::byte> room) {
  if (pending_.empty() && !is_read_) MRUN_TRY(read_more());
  Result<Decoder::Step> step = decoder_->step(pending_, room);
  if (!step) return undecodable(unit_begin(), std::move(step).error());
  pending_ = pending_.subspan(step->taken);
  text_bytes_ += step->given;
  const bool goes_on = step->taken > 0 || step->given > 0;
  if (goes_on && decoder_->may_end())
    last_place_ = {stored_bytes_ - pending_.size(), text_bytes_, decoder_->in_legacy_frame()};
  if (is_out_of_proportion()) return out_of_proportion();
  if (goes_on) return true;
  if (!pending_.empty())
    return undecodable(unit_begin(), {Code::integrity, "it does not go on", {}});
  if (is_read_ && !decoder_->may_end())
    return undecodable(stored_bytes_, {Code::integrity, "it ends too early", {}});
  return !is_read_ && stored_bytes_ < stored_end_;
}

/// Up to the next multiple of kReadBytes, so that the steps do not depend on where it began.
Result<void> DecodedBytes::read_more() {
  const std::uint64_t wanted =
      std::min(kReadBytes - stored_bytes_ % kReadBytes, stored_end_ - stored_bytes_);
  if (wanted == 0) return {};
  const std::span<std::byte> room(stored_.data(), static_cast<std::size_t>(wanted));
  MRUN_TRY_ASSIGN(const std::size_t got, read_(room));
  pending_ = room.first(got);
  stored_bytes_ += got;
  is_read_ = got < room.size();
  return {};
}

bool DecodedBytes::is_out_of_proportion() const {
  return text_bytes_ > kAlwaysAllowedBytes && text_bytes_ / kRatioMost > stored_bytes_;
}

Failure DecodedBytes::undecodable(std::uint64_t offset, Error error) const {
  const Code code = error.code == Code::integrity ? Code::input : error.code;
  return fail(code,
              "cannot decompress '" + path_ + "' at offset " + std::to_string(offset) + ": " +
                  error.message,
              error.hint.empty() ? "restore the file; --decompress none reads its bytes as they are"
                                 : error.hint);
}

Failure DecodedBytes::out_of_proportion() const {
  return fail(Code::limit,
              "the first " + size_text(stored_bytes_) + " of '" + path_ + "' decompress to " +
                  size_text(text_bytes_) + ", more than " + std::to_string(kRatioMost) +
                  " times as much",
              "if that is right, decompress it into a pipe: mrun JOB - OUT");
}

}  // namespace mrun
