// Writes records into pieces: straight into their buffers where they fit, piece by piece otherwise.
#include "output/record_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "table/pair_stream.hpp"

namespace mrun {
namespace {

constexpr std::uint8_t kTab = '\t';
/// Of a key in two places.
constexpr std::size_t kKeyPrefixBytes = 16;

/// The bytes that end a record.
Slice record_end(OutEnd end) {
  static constexpr std::uint8_t kNewline = '\n';
  static constexpr std::uint8_t kNul = '\0';
  if (end == OutEnd::nothing) return {};
  return {end == OutEnd::newline ? &kNewline : &kNul, 1};
}

}  // namespace

bool PairWriter::write(Slice key, Slice value) {
  if (!is_text_) return write_stream(key, value);
  const std::size_t bytes_max = formatter_.bytes_max(key.size, value.size);
  if (bytes_max <= PieceWriter::kReserveBytesMax)
    return take(formatter_.write(piece_.reserve(bytes_max), key, value));
  piece_.count_records(1);
  return formatter_.write_pieces(key, value, [this](Slice bytes) { piece_.append(bytes); });
}

bool PairWriter::write(std::uint64_t k0, std::uint64_t k1, std::uint32_t klen,
                       const std::uint8_t* tail, Slice value) {
  if (!is_text_) return write_stream(k0, k1, klen, tail, value);
  const std::size_t bytes_max = formatter_.bytes_max(klen, value.size);
  if (bytes_max <= PieceWriter::kReserveBytesMax)
    return take(formatter_.write(piece_.reserve(bytes_max), k0, k1, klen, tail, value));
  piece_.count_records(1);
  return formatter_.write_pieces(k0, k1, klen, tail, value,
                                 [this](Slice bytes) { piece_.append(bytes); });
}

bool PairWriter::write_stream(Slice key, Slice value) {
  if (!formatter_.decodes(key, value)) return false;
  value = stream_value(value);
  piece_.commit(put_pair_head(piece_.reserve(kStreamHeadBytesMax), key.size, value));
  piece_.append(key);
  piece_.append(value);
  piece_.count_records(1);
  return true;
}

// A key of bytes, which may be huge, is not joined.
bool PairWriter::write_stream(std::uint64_t k0, std::uint64_t k1, std::uint32_t klen,
                              const std::uint8_t* tail, Slice value) {
  if (!formatter_.takes_any_key())
    return write_stream(formatter_.join_key(k0, k1, klen, tail), value);
  if (!formatter_.decodes({}, value)) return false;
  value = stream_value(value);
  std::uint8_t* const head = piece_.reserve(kStreamHeadBytesMax + kKeyPrefixBytes);
  std::uint8_t* const key = put_pair_head(head, klen, value);
  k0 = __builtin_bswap64(k0);
  k1 = __builtin_bswap64(k1);
  std::memcpy(key, &k0, sizeof k0);
  std::memcpy(key + sizeof k0, &k1, sizeof k1);
  piece_.commit(key + std::min<std::size_t>(klen, kKeyPrefixBytes));
  if (klen > kKeyPrefixBytes) piece_.append({tail, klen - kKeyPrefixBytes});
  piece_.append(value);
  piece_.count_records(1);
  return true;
}

/// Null data where pairs have no value, and only there.
Slice PairWriter::stream_value(Slice value) const {
  static constexpr std::uint8_t kNothing = 0;
  if (!formatter_.has_value()) return {};
  return {value.data == nullptr ? &kNothing : value.data, value.size};
}

bool PairWriter::take(std::uint8_t* end) {
  if (end == nullptr) return false;
  piece_.commit(end);
  piece_.count_records(1);
  return true;
}

Result<PieceWriter*> PieceRecords::piece_of(std::uint32_t output) {
  if (output < pieces_.size()) return &pieces_[output];
  return fail(Code::plugin,
              fmt::format("the job wrote to output {}, but declares {} side outputs only", output,
                          pieces_.size() - 1));
}

Result<void> PieceRecords::write(std::uint32_t output, std::span<const Slice> fields) {
  if (is_pair(output)) return write_pair(fields);
  MRUN_TRY_ASSIGN(PieceWriter* const piece, piece_of(output));
  const Slice end = record_end(end_);
  std::uint64_t size = fields.size() + end.size;
  bool is_long = false;
  for (const Slice& field : fields) {
    is_long |= field.size > PieceWriter::kReserveBytesMax;
    size += field.size;
  }
  if (is_long || size > PieceWriter::kReserveBytesMax) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i != 0) piece->append({&kTab, 1});
      piece->append(fields[i]);
    }
    piece->append(end);
  } else {
    std::uint8_t* at = piece->reserve(size);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i != 0) *at++ = kTab;
      if (fields[i].size != 0) std::memcpy(at, fields[i].data, fields[i].size);
      at += fields[i].size;
    }
    if (end.size != 0) *at++ = *end.data;
    piece->commit(at);
  }
  piece->count_records(1);
  return piece->status();
}

// The fields joined by TAB, cut at their first TAB: key and value. Without one there is no value.
Result<void> PieceRecords::write_pair(std::span<const Slice> fields) {
  PieceWriter& piece = pieces_.front();
  const Slice first = fields.empty() ? Slice{} : fields.front();
  const void* const tab = first.size == 0 ? nullptr : std::memchr(first.data, kTab, first.size);
  const std::uint64_t key_size =
      tab == nullptr
          ? first.size
          : static_cast<std::uint64_t>(static_cast<const std::uint8_t*>(tab) - first.data);
  // The value's first field is what the first one has behind its TAB, where it has one.
  const Slice behind =
      tab == nullptr ? Slice{} : Slice{first.data + key_size + 1, first.size - key_size - 1};
  const bool has_value = tab != nullptr || fields.size() > 1;
  std::uint64_t value_size = behind.size;
  for (std::size_t i = 1; i < fields.size(); ++i)
    value_size += fields[i].size + (i > 1 || tab != nullptr ? 1 : 0);
  const Slice value{has_value ? &kTab : nullptr, value_size};
  piece.commit(put_pair_head(piece.reserve(kStreamHeadBytesMax), key_size, value));
  piece.append({first.data, key_size});
  piece.append(behind);
  for (std::size_t i = 1; i < fields.size(); ++i) {
    if (i > 1 || tab != nullptr) piece.append({&kTab, 1});
    piece.append(fields[i]);
  }
  piece.count_records(1);
  return piece.status();
}

Result<void> PieceRecords::keep_part(Slice bytes) {
  const std::size_t size = kept_.size() + bytes.size;
  if (size > kept_.capacity()) {
    const std::size_t capacity = std::max(size, 2 * kept_.capacity());
    if (!kept_charge_.try_add(*budget_, capacity - kept_charge_.bytes()))
      return fail(Code::limit,
                  fmt::format("a record of more than {} bytes is to become a pair of a table or kv "
                              "output, and there is no memory to keep it whole",
                              size),
                  "give more --memory, or use --output-format text");
    kept_.reserve(capacity);
  }
  kept_.insert(kept_.end(), bytes.data, bytes.data + bytes.size);
  return {};
}

Result<void> PieceRecords::write_part(std::uint32_t output, Slice bytes, bool last) {
  if (is_pair(output)) {
    MRUN_TRY(keep_part(bytes));
    if (!last) return {};
    const Slice record{kept_.data(), kept_.size()};
    const Result<void> written = write_pair({&record, 1});
    kept_ = {};
    kept_charge_.reset();
    return written;
  }
  MRUN_TRY_ASSIGN(PieceWriter* const piece, piece_of(output));
  piece->append(bytes);
  if (last) {
    piece->append(record_end(end_));
    piece->count_records(1);
  }
  return piece->status();
}

}  // namespace mrun
