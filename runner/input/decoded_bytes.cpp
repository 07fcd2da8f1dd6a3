#include "input/decoded_bytes.hpp"

#include "base/size_text.hpp"

namespace mrun {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;

/// What decodes to more than this is made to do harm: honest and large files stay far below the
/// ratio (gzip knows no more than 1032), and of small ones it does not matter.
constexpr std::uint64_t kRatioMost = 10'000;
constexpr std::uint64_t kAlwaysAllowedBytes = std::uint64_t{1} << 30;

}  // namespace

Result<DecodedBytes> DecodedBytes::create(std::string path, Compression compression,
                                          ReadStored read, std::size_t memory_bytes,
                                          MemoryBudget& budget) {
  // zstd and xz files say how much they need, and may have all there is.
  const bool has_window = compression == Compression::zstd || compression == Compression::xz;
  const std::size_t wanted = has_window ? memory_bytes : decoder_bytes(compression);
  Charge charge;
  if (wanted > memory_bytes || !charge.try_add(budget, wanted))
    return fail(Code::limit,
                "to decompress '" + path + "' takes " + size_text(wanted) +
                    ", and --memory leaves " + size_text(memory_bytes),
                "give more with --memory, or use fewer threads with -j");
  MRUN_TRY_ASSIGN(auto decoder, make_decoder(compression, wanted));
  MRUN_TRY_ASSIGN(PageBuffer stored, PageBuffer::allocate(budget, kReadBytes));
  return DecodedBytes(std::move(path), std::move(read), std::move(decoder), std::move(charge),
                      std::move(stored));
}

Result<std::size_t> DecodedBytes::read(std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    if (pending_.empty() && !is_read_) MRUN_TRY(read_more());
    Result<Decoder::Step> step = decoder_->step(pending_, out.subspan(done));
    if (!step) return undecodable(std::move(step).error());
    pending_ = pending_.subspan(step->taken);
    done += step->given;
    text_bytes_ += step->given;
    if (text_bytes_ > kAlwaysAllowedBytes && text_bytes_ / kRatioMost > stored_bytes_)
      return out_of_proportion();
    if (step->taken > 0 || step->given > 0 || !is_read_) continue;
    if (!decoder_->may_end() || !pending_.empty())
      return undecodable({Code::integrity, "it ends too early", {}});
    break;
  }
  return done;
}

Result<void> DecodedBytes::read_more() {
  const std::span<std::byte> room(stored_.data(), kReadBytes);
  MRUN_TRY_ASSIGN(const std::size_t got, read_(room));
  pending_ = room.first(got);
  stored_bytes_ += got;
  is_read_ = got < kReadBytes;
  return {};
}

Failure DecodedBytes::undecodable(Error error) const {
  const Code code = error.code == Code::integrity ? Code::input : error.code;
  return fail(code,
              "cannot decompress '" + path_ + "' near offset " +
                  std::to_string(stored_bytes_ - pending_.size()) + ": " + error.message,
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
