// Frames of zstd and lz4, each by its own library, and what stands between them.
//
// Both formats share their first four bytes' scheme: a file may hold frames that every reader
// skips, and the zstd program reads files that hold frames of both, and so does this.
#include "codec/frame_decoder.hpp"

#include <lz4frame.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "codec/decode_failures.hpp"
#include "codec/little_endian.hpp"
#include "codec/lz4_legacy.hpp"

namespace mrun {
namespace {

constexpr std::size_t kMagicSize = 4;
constexpr std::size_t kSkippableHeadSize = 8;
constexpr std::uint32_t kZstdMagic = 0xfd2fb528, kLz4Magic = 0x184d2204;
constexpr std::uint32_t kSkippableMagic = 0x184d2a50, kSkippableMask = 0xfffffff0;

using Head = std::array<std::byte, kSkippableHeadSize>;

/// Whether `bytes`, of which there may be fewer than four, are how a frame begins.
bool may_be_magic(std::span<const std::byte> bytes) {
  const std::size_t size = std::min(bytes.size(), kMagicSize);
  const auto begins = [&](std::uint32_t magic, std::uint32_t mask) {
    for (std::size_t i = 0; i < size; ++i)
      if (((std::to_integer<std::uint32_t>(bytes[i]) ^ magic >> 8 * i) & (mask >> 8 * i & 0xff)) !=
          0)
        return false;
    return true;
  };
  constexpr std::uint32_t kAll = 0xffffffff;
  return begins(kZstdMagic, kAll) || begins(kLz4Magic, kAll) || begins(kLegacyMagic, kAll) ||
         begins(kSkippableMagic, kSkippableMask);
}

class ZstdDecoder final : public Decoder {
 public:
  explicit ZstdDecoder(std::size_t memory_bytes)
      : stream_(ZSTD_createDStream()), memory_bytes_(memory_bytes) {
    // Beside the window zstd holds some hundred KiB. Windows are powers of two, or a little more.
    const std::size_t beside = std::min(memory_bytes / 8, std::size_t{256} << 10);
    const int log = static_cast<int>(std::bit_width(memory_bytes - beside)) - 1;
    if (stream_ != nullptr)
      ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, std::clamp(log, 10, 31));
  }
  ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }

  Result<Step> step(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (stream_ == nullptr) return no_memory();
    if (!is_open_ && in.empty()) return Step{};
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t left = ZSTD_decompressStream(stream_, &to, &from);
    if (ZSTD_isError(left) != 0) {
      const std::string name = ZSTD_getErrorName(left);
      if (name.find("requires too much memory") != std::string::npos)
        return window_too_large(Compression::zstd, memory_bytes_);
      return damaged(Compression::zstd, kWrongForm);
    }
    // Some damage makes zstd stand still.
    if (from.pos == 0 && to.pos == 0 && !in.empty() && !out.empty())
      return damaged(Compression::zstd, kWrongForm);
    is_open_ = left != 0;
    return Step{from.pos, to.pos};
  }
  bool may_end() const override { return !is_open_; }
  void rest() override {
    ZSTD_freeDStream(stream_);
    stream_ = nullptr;
  }

 private:
  ZSTD_DStream* stream_;
  std::size_t memory_bytes_;
  bool is_open_ = false;
};

class Lz4Decoder final : public Decoder {
 public:
  Lz4Decoder() {
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0)
      context_ = nullptr;
  }
  ~Lz4Decoder() override { LZ4F_freeDecompressionContext(context_); }

  Result<Step> step(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (context_ == nullptr) return no_memory();
    if (!is_open_ && in.empty()) return Step{};
    Step step{in.size(), out.size()};
    const std::size_t left =
        LZ4F_decompress(context_, out.data(), &step.given, in.data(), &step.taken, nullptr);
    if (LZ4F_isError(left) != 0) return damaged(Compression::lz4, kWrongForm);
    if (step.taken > 0 || step.given > 0) is_open_ = left != 0;
    return step;
  }
  bool may_end() const override { return !is_open_; }
  void rest() override {
    LZ4F_freeDecompressionContext(context_);
    context_ = nullptr;
  }

 private:
  LZ4F_dctx* context_ = nullptr;
  bool is_open_ = false;
};

class FrameDecoder final : public Decoder {
 public:
  FrameDecoder(Compression named, std::size_t memory_bytes, bool in_legacy_frame)
      : named_(named), memory_bytes_(memory_bytes), in_legacy_frame_(in_legacy_frame) {}

  Result<Step> step(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (skipped_left_ > 0) return skip(in);
    if (frame_ != nullptr) return decode_frame(in, out);
    if (legacy_.is_open()) return legacy_.step(in, out);
    return begin_frame(in, out);
  }
  bool may_end() const override {
    return frame_ == nullptr && !legacy_.is_open() && skipped_left_ == 0 && held_bytes_ == 0;
  }
  bool in_legacy_frame() const override { return in_legacy_frame_; }
  void rest() override {
    zstd_.reset();
    lz4_.reset();
    legacy_.rest();
  }

 private:
  Result<Step> skip(std::span<const std::byte> in) {
    const std::size_t size = std::min<std::uint64_t>(in.size(), skipped_left_);
    skipped_left_ -= size;
    return Step{size, 0};
  }

  Result<Step> decode_frame(std::span<const std::byte> in, std::span<std::byte> out) {
    Result<Step> step = frame_->step(in, out);
    if (step && frame_->may_end()) frame_ = nullptr;
    return step;
  }

  /// Holds what tells what begins here, unless `in` has it all.
  Result<Step> begin_frame(std::span<const std::byte> in, std::span<std::byte> out) {
    const std::size_t before = held_bytes_;
    std::size_t taken = hold(in, kMagicSize);
    // Any bytes may be how a block's size begins.
    const bool is_magic = may_be_magic(std::span(held_).first(held_bytes_));
    if (!is_magic && !in_legacy_frame_) return no_unit(named_);
    if (held_bytes_ < kMagicSize) return Step{taken, 0};
    const std::uint32_t magic = little_endian(std::span(held_).first<4>());
    if (in_legacy_frame_ && magic <= kLegacyBlockMost) {
      held_bytes_ = 0;
      MRUN_TRY(begin_legacy_block(magic));
      return Step{taken, 0};
    }
    if (!is_magic) return no_unit(named_);
    in_legacy_frame_ = magic == kLegacyMagic;
    if ((magic & kSkippableMask) == kSkippableMagic) {
      taken += hold(in.subspan(taken), kSkippableHeadSize);
      if (held_bytes_ < kSkippableHeadSize) return Step{taken, 0};
      skipped_left_ = little_endian(std::span(held_).last<4>());
      held_bytes_ = 0;
      return Step{taken, 0};
    }
    held_bytes_ = 0;
    if (in_legacy_frame_) return Step{taken, 0};
    legacy_.rest();
    frame_ = &decoder_of(magic);
    // zstd is faster where it finds a small frame in one piece.
    if (before == 0) return decode_frame(in, out);
    MRUN_TRY(frame_->step(std::span(held_).first(kMagicSize), out));
    return Step{taken, 0};
  }

  Result<void> begin_legacy_block(std::uint32_t stored_bytes) {
    if (LegacyBlocks::memory_bytes() > memory_bytes_)
      return window_too_large(Compression::lz4, memory_bytes_);
    zstd_.reset();
    lz4_.reset();
    return legacy_.begin(stored_bytes);
  }

  std::size_t hold(std::span<const std::byte> in, std::size_t wanted) {
    const std::size_t size = std::min(in.size(), wanted - std::min(wanted, held_bytes_));
    std::copy_n(in.begin(), size, held_.begin() + static_cast<std::ptrdiff_t>(held_bytes_));
    held_bytes_ += size;
    return size;
  }

  Decoder& decoder_of(std::uint32_t magic) {
    if (magic == kZstdMagic) {
      if (zstd_ == nullptr) zstd_ = std::make_unique<ZstdDecoder>(memory_bytes_);
      return *zstd_;
    }
    if (lz4_ == nullptr) lz4_ = std::make_unique<Lz4Decoder>();
    return *lz4_;
  }

  const Compression named_;
  const std::size_t memory_bytes_;
  Head held_{};  ///< The beginning of a frame that came in pieces.
  std::size_t held_bytes_ = 0;
  std::uint64_t skipped_left_ = 0;
  std::unique_ptr<Decoder> zstd_, lz4_;
  Decoder* frame_ = nullptr;  ///< Of them, the one of the frame at hand.
  LegacyBlocks legacy_;
  bool in_legacy_frame_;  ///< Until another magic number comes.
};

}  // namespace

std::optional<std::uint64_t> skippable_frame_bytes(std::span<const std::byte> bytes) {
  if (bytes.size() < kSkippableHeadSize) return std::nullopt;
  if ((little_endian(bytes.first<4>()) & kSkippableMask) != kSkippableMagic) return std::nullopt;
  return kSkippableHeadSize + std::uint64_t{little_endian(bytes.subspan<4, 4>())};
}

std::unique_ptr<Decoder> make_frame_decoder(Compression named, std::size_t memory_bytes,
                                            bool in_legacy_frame) {
  return std::make_unique<FrameDecoder>(named, memory_bytes, in_legacy_frame);
}

}  // namespace mrun
