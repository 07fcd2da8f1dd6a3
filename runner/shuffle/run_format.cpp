// Encodes and decodes what a sorted run on disk is made of.
#include "shuffle/run_format.hpp"

#include <array>
#include <bit>

#include "base/check.hpp"
#include "base/hash.hpp"

namespace mrun {
namespace {

static_assert(std::endian::native == std::endian::little,
              "runs are little-endian and written without swapping");

constexpr std::array<char, 8> kRunMagic = {'m', 'r', 'u', 'n', '-', 'r', 'u', 'n'};
constexpr std::array<char, 8> kEndMagic = {'m', 'r', 'u', 'n', '-', 'e', 'n', 'd'};

class FieldWriter {
 public:
  explicit FieldWriter(std::byte* out) : out_(out) {}
  template <typename T>
  void put(const T& field) {
    std::memcpy(out_, &field, sizeof field);
    out_ += sizeof field;
  }

 private:
  std::byte* out_;
};

class FieldReader {
 public:
  explicit FieldReader(const std::byte* in) : in_(in) {}
  template <typename T>
  void get(T& field) {
    std::memcpy(&field, in_, sizeof field);
    in_ += sizeof field;
  }

 private:
  const std::byte* in_;
};

/// What of the two words of a prefix belongs to a key of 0 … 16 bytes.
constexpr std::array<KeyPrefix, kPrefixBytes + 1> make_prefix_masks() {
  std::array<KeyPrefix, kPrefixBytes + 1> masks{};
  for (std::uint32_t bytes = 0; bytes <= kPrefixBytes; ++bytes) {
    masks[bytes].k0 = bytes == 0 ? 0 : bytes >= 8 ? ~0ull : ~0ull << (64 - 8 * bytes);
    masks[bytes].k1 = bytes <= 8 ? 0 : bytes == 16 ? ~0ull : ~0ull << (128 - 8 * bytes);
  }
  return masks;
}
constexpr std::array<KeyPrefix, kPrefixBytes + 1> kPrefixMasks = make_prefix_masks();

std::size_t varint_bytes(std::uint32_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1u)) + 6) / 7;
}

std::uint8_t* put_varint(std::uint8_t* out, std::uint32_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<std::uint8_t>(value | 0x80);
  *out++ = static_cast<std::uint8_t>(value);
  return out;
}

/// Reads at most 5 bytes; null where they hold no number of 32 bits.
inline const std::uint8_t* get_varint(const std::uint8_t* in, std::uint32_t& value) {
  if (in[0] < 0x80) {
    value = in[0];
    return in + 1;
  }
  std::uint64_t sum = 0;
  for (unsigned i = 0; i < 5; ++i) {
    sum |= std::uint64_t{in[i] & 0x7fu} << (7 * i);
    if (in[i] < 0x80) {
      value = static_cast<std::uint32_t>(sum);
      return sum <= UINT32_MAX ? in + i + 1 : nullptr;
    }
  }
  return nullptr;
}

}  // namespace

void encode_run_header(std::span<std::byte, kRunHeaderBytes> out) {
  FieldWriter writer(out.data());
  writer.put(kRunMagic);
  writer.put(kRunVersion);
  writer.put(std::uint32_t{0});
}

const char* check_run_header(std::span<const std::byte, kRunHeaderBytes> in) {
  FieldReader reader(in.data());
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t reserved;
  reader.get(magic);
  reader.get(version);
  reader.get(reserved);
  if (magic != kRunMagic) return "no run begins here";
  if (version != kRunVersion) return "the run is of another version of mrun";
  return reserved == 0 ? nullptr : "the run's header is damaged";
}

void encode_block_header(const BlockHeader& header, std::span<std::byte, kBlockHeaderBytes> out) {
  FieldWriter writer(out.data());
  writer.put(header.offset);
  writer.put(header.raw_bytes);
  writer.put(header.stored_bytes);
  writer.put(__builtin_bswap64(header.first_k0));
  writer.put(__builtin_bswap64(header.first_k1));
  writer.put(header.checksum);
  writer.put(header.first_klen);
  writer.put(header.first_task);
  writer.put(header.partition);
  writer.put(header.pair_count);
  writer.put(header.codec);
  writer.put(hash64(out.first(kBlockHeaderBytes - sizeof(std::uint64_t))));
}

std::optional<BlockHeader> decode_block_header(std::span<const std::byte, kBlockHeaderBytes> in) {
  BlockHeader header;
  FieldReader reader(in.data());
  std::uint64_t checksum;
  reader.get(header.offset);
  reader.get(header.raw_bytes);
  reader.get(header.stored_bytes);
  reader.get(header.first_k0);
  reader.get(header.first_k1);
  reader.get(header.checksum);
  reader.get(header.first_klen);
  reader.get(header.first_task);
  reader.get(header.partition);
  reader.get(header.pair_count);
  reader.get(header.codec);
  reader.get(checksum);
  if (checksum != hash64(in.first(kBlockHeaderBytes - sizeof checksum))) return std::nullopt;
  header.first_k0 = __builtin_bswap64(header.first_k0);
  header.first_k1 = __builtin_bswap64(header.first_k1);
  return header;
}

void encode_run_footer(const RunFooter& footer, std::span<std::byte, kRunFooterBytes> out) {
  FieldWriter writer(out.data());
  writer.put(footer.block_count);
  writer.put(footer.pair_count);
  writer.put(footer.raw_bytes);
  writer.put(footer.block_bytes);
  writer.put(footer.block_bytes_largest);
  writer.put(footer.index_offset);
  writer.put(footer.index_entries);
  writer.put(footer.index_stride);
  writer.put(footer.index_checksum);
  writer.put(footer.has_zstd);
  writer.put(hash64(out.first(kRunFooterBytes - sizeof(std::uint64_t) - sizeof kEndMagic)));
  writer.put(kEndMagic);
}

std::optional<RunFooter> decode_run_footer(std::span<const std::byte, kRunFooterBytes> in) {
  RunFooter footer;
  FieldReader reader(in.data());
  std::uint64_t checksum;
  std::array<char, 8> magic;
  reader.get(footer.block_count);
  reader.get(footer.pair_count);
  reader.get(footer.raw_bytes);
  reader.get(footer.block_bytes);
  reader.get(footer.block_bytes_largest);
  reader.get(footer.index_offset);
  reader.get(footer.index_entries);
  reader.get(footer.index_stride);
  reader.get(footer.index_checksum);
  reader.get(footer.has_zstd);
  reader.get(checksum);
  reader.get(magic);
  if (magic != kEndMagic) return std::nullopt;
  if (checksum != hash64(in.first(kRunFooterBytes - sizeof checksum - sizeof magic)))
    return std::nullopt;
  return footer;
}

void BlockChecksum::add(std::span<const std::byte> piece) {
  MRUN_CHECK(piece.size() <= kChecksumPieceBytes);
  sum_ = block_hash64(piece, sum_);
}

std::uint64_t block_checksum(std::span<const std::byte> bytes) {
  BlockChecksum checksum;
  for (; bytes.size() > kChecksumPieceBytes; bytes = bytes.subspan(kChecksumPieceBytes))
    checksum.add(bytes.first(kChecksumPieceBytes));
  checksum.add(bytes);
  return checksum.value();
}

std::size_t encoded_pair_bytes(const Pair& pair) {
  return varint_bytes(pair.klen) + varint_bytes(pair.vlen) + varint_bytes(pair.task) +
         std::size_t{pair.klen} + std::size_t{pair.vlen};
}

std::uint8_t* encode_pair_head(const Pair& pair, std::uint8_t* out) {
  return put_varint(put_varint(put_varint(out, pair.klen), pair.vlen), pair.task);
}

std::optional<std::size_t> decode_pairs(const std::uint8_t*& at, const std::uint8_t* end,
                                        std::span<Pair> pairs) {
  const std::uint8_t* in = at;
  std::size_t count = 0;
  for (; count < pairs.size() && in < end; ++count) {
    // The three numbers may be read past `end`, into the slack; the check below refuses them then.
    Pair pair;
    in = get_varint(in, pair.klen);
    if (in != nullptr) in = get_varint(in, pair.vlen);
    if (in != nullptr) in = get_varint(in, pair.task);
    if (in == nullptr || in > end) return std::nullopt;
    if (std::uint64_t{pair.klen} + pair.vlen > static_cast<std::uint64_t>(end - in))
      return std::nullopt;
    const KeyPrefix mask = kPrefixMasks[std::min(pair.klen, kPrefixBytes)];
    pair.k0 = load_big_endian(in) & mask.k0;
    pair.k1 = load_big_endian(in + 8) & mask.k1;
    pair.tail = in + kPrefixBytes;
    in += pair.klen;
    pair.value = in;
    in += pair.vlen;
    pairs[count] = pair;
  }
  at = in;
  return count;
}

}  // namespace mrun
