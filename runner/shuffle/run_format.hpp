// The bytes of a sorted run on disk: constants, block headers, footer and pairs (RUN_FORMAT.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/result.hpp"
#include "shuffle/pair.hpp"

namespace mrun {

constexpr std::uint32_t kRunVersion = 3;
constexpr std::size_t kRunHeaderBytes = 16;
constexpr std::size_t kBlockHeaderBytes = 76;
constexpr std::size_t kRunFooterBytes = 96;

/// A caller's choice of block size lies within these: below, headers and reads cost more than the
/// pairs; above, nothing is gained and merges need more memory.
constexpr std::size_t kBlockBytesMin = std::size_t{64} << 10;
constexpr std::size_t kBlockBytesMax = std::size_t{1} << 20;

/// Checksums run over pieces of this size, so that a pair of any size is written through a small
/// buffer.
constexpr std::size_t kChecksumPieceBytes = std::size_t{256} << 10;

/// Readable bytes after every buffer of decoded pairs: keys are loaded 16 bytes at a time.
constexpr std::size_t kDecodeSlackBytes = 64;

/// The index of a run never lists more blocks; a longer run lists every 2nd, 4th, … block. So a run
/// costs at most 288 KiB of memory, whatever its size.
constexpr std::size_t kIndexEntriesMax = 4096;

enum class BlockCodec : std::uint32_t { raw = 0, lz4 = 1, zstd = 2 };

/// What stands before each block and, again, in the index.
struct BlockHeader {
  std::uint64_t offset = 0;        ///< Of this header, in bytes from the run's begin.
  std::uint64_t raw_bytes = 0;     ///< Of the encoded pairs.
  std::uint64_t stored_bytes = 0;  ///< On disk, after the header.
  std::uint64_t first_k0 = 0;      ///< Prefix of the first pair's key.
  std::uint64_t first_k1 = 0;
  std::uint64_t checksum = 0;  ///< block_checksum of the stored bytes.
  std::uint32_t first_klen = 0;
  std::uint32_t first_task = 0;  ///< Map task of the first pair.
  std::uint32_t partition = 0;
  std::uint32_t pair_count = 0;
  BlockCodec codec = BlockCodec::raw;

  bool operator==(const BlockHeader&) const = default;
  std::uint64_t end() const { return offset + kBlockHeaderBytes + stored_bytes; }
};

/// The last bytes of a run. Offsets count from the run's begin.
struct RunFooter {
  std::uint64_t block_count = 0;
  std::uint64_t pair_count = 0;
  std::uint64_t raw_bytes = 0;            ///< Sum over the blocks.
  std::uint64_t block_bytes = 0;          ///< No block is larger, except blocks of one pair.
  std::uint64_t block_bytes_largest = 0;  ///< Raw bytes of the largest block.
  std::uint64_t index_offset = 0;         ///< Where the blocks end and the index begins.
  std::uint64_t index_entries = 0;
  std::uint64_t index_stride = 1;  ///< The index lists the blocks 0, stride, 2 × stride, …
  std::uint64_t index_checksum = 0;
  std::uint64_t has_zstd = 0;  ///< 1 where blocks may be packed with zstd, else 0.

  bool operator==(const RunFooter&) const = default;
};

void encode_run_header(std::span<std::byte, kRunHeaderBytes> out);
/// Null if `in` is the header of a run of this version, or else why it is not.
const char* check_run_header(std::span<const std::byte, kRunHeaderBytes> in);

void encode_block_header(const BlockHeader& header, std::span<std::byte, kBlockHeaderBytes> out);
/// None where the header's own checksum does not hold.
std::optional<BlockHeader> decode_block_header(std::span<const std::byte, kBlockHeaderBytes> in);

void encode_run_footer(const RunFooter& footer, std::span<std::byte, kRunFooterBytes> out);
/// None where the footer's magic or its own checksum does not hold.
std::optional<RunFooter> decode_run_footer(std::span<const std::byte, kRunFooterBytes> in);

/// Checksum of bytes that arrive piece by piece: every piece but the last has kChecksumPieceBytes.
class BlockChecksum {
 public:
  void add(std::span<const std::byte> piece);
  std::uint64_t value() const { return sum_; }

 private:
  std::uint64_t sum_ = 0;
};
/// The same over bytes that lie in one place.
std::uint64_t block_checksum(std::span<const std::byte> bytes);

/// The most bytes before a pair's key: three varints of 32 bits.
constexpr std::size_t kPairHeadBytesMax = 15;

/// Bytes of a pair within a block.
std::size_t encoded_pair_bytes(const Pair& pair);
/// Writes the three lengths before the key to `out` (kPairHeadBytesMax writable); returns the end.
std::uint8_t* encode_pair_head(const Pair& pair, std::uint8_t* out);

/// Decodes up to `pairs.size()` pairs from `at` on, as views into the block, which ends at `end`
/// and has kDecodeSlackBytes readable bytes after it. Moves `at` on and returns how many there
/// were; none where the bytes are not whole pairs.
std::optional<std::size_t> decode_pairs(const std::uint8_t*& at, const std::uint8_t* end,
                                        std::span<Pair> pairs);

}  // namespace mrun
