// Decodes keys and values of declared types, field by field, and writes them as text.
#include "output/text_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "output/decimal.hpp"

namespace mrun {
namespace {

static_assert(std::endian::native == std::endian::little, "values are stored little-endian");

/// Room for any number as text: the longest is -1.7976931348623157e+308.
constexpr std::size_t kNumberBytes = 32;
/// A key in two places is written as 16 bytes, whatever its size.
constexpr std::size_t kPrefixBytes = 16;
constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

/// Writes to memory that is large enough.
class DirectOut {
 public:
  explicit DirectOut(std::uint8_t* next) : next_(next) {}
  void bytes(const std::uint8_t* data, std::size_t size) {
    if (size != 0) std::memcpy(next_, data, size);
    next_ += size;
  }
  void byte(std::uint8_t value) { *next_++ = value; }
  template <typename Number>
  void number(Number value) {
    char* const begin = reinterpret_cast<char*>(next_);
    next_ += std::to_chars(begin, begin + kNumberBytes, value).ptr - begin;
  }
  void number(std::uint64_t value) { next_ = write_decimal(next_, value); }
  std::uint8_t* next() const { return next_; }

 private:
  std::uint8_t* next_;
};

/// Drops the text: only whether there is one counts.
class NoOut {
 public:
  void bytes(const std::uint8_t*, std::size_t) {}
  void byte(std::uint8_t) {}
  template <typename Number>
  void number(Number) {}
};

/// Hands the text over in pieces; small ones are joined.
class PieceOut {
 public:
  explicit PieceOut(const std::function<void(Slice)>& take) : take_(take) {}
  void bytes(const std::uint8_t* data, std::size_t size) {
    if (size > sizeof buffer_ - used_) flush();
    if (size > sizeof buffer_) return take_({data, size});
    if (size != 0) std::memcpy(buffer_ + used_, data, size);
    used_ += size;
  }
  void byte(std::uint8_t value) { bytes(&value, 1); }
  template <typename Number>
  void number(Number value) {
    char text[kNumberBytes];
    const auto size = std::to_chars(text, text + kNumberBytes, value).ptr - text;
    bytes(reinterpret_cast<const std::uint8_t*>(text), static_cast<std::size_t>(size));
  }
  void flush() {
    if (used_ != 0) take_({buffer_, used_});
    used_ = 0;
  }

 private:
  const std::function<void(Slice)>& take_;
  std::uint8_t buffer_[4096];
  std::size_t used_ = 0;
};

std::uint64_t load(const std::uint8_t* bytes, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, size);
  return word;
}

void store_big_endian(std::uint8_t* out, std::uint64_t word) {
  word = __builtin_bswap64(word);
  std::memcpy(out, &word, sizeof word);
}

/// The value that a key field's big-endian word stands for, in the form that a value has.
std::uint64_t value_of_ordered(FieldType type, std::uint64_t word) {
  if (type == FieldType::i64) return word ^ kSignBit;
  if (type == FieldType::f64) return (word & kSignBit) != 0 ? word ^ kSignBit : ~word;
  return word;
}

/// Where the next 0 byte of [at, end) is; `end` where there is none. Each byte is first
/// complemented by `flip`.
const std::uint8_t* find_zero(const std::uint8_t* at, const std::uint8_t* end, std::uint8_t flip) {
  constexpr std::ptrdiff_t kWord = sizeof(std::uint64_t);
  constexpr std::uint64_t kLow = 0x0101010101010101, kHigh = 0x8080808080808080;
  for (; end - at >= kWord; at += kWord) {
    const std::uint64_t word = load(at, kWord) ^ (kLow * flip);
    const std::uint64_t zeros = (word - kLow) & ~word & kHigh;  // Right up to the first one.
    if (zeros != 0) return at + std::countr_zero(zeros) / 8;
  }
  while (at != end && *at != flip) ++at;
  return at;
}

/// Writes escaped bytes (00 as 00 FF, ended by 00 01; all complemented by `flip`) as they were.
/// Returns where the next field begins; null where the end is missing or the escape unknown.
template <typename Out>
const std::uint8_t* write_escaped(Out& out, const std::uint8_t* at, const std::uint8_t* end,
                                  std::uint8_t flip) {
  while (true) {
    const std::uint8_t* const zero = find_zero(at, end, flip);
    if (end - zero < 2) return nullptr;
    if (flip == 0)
      out.bytes(at, static_cast<std::size_t>(zero - at));
    else
      for (; at != zero; ++at) out.byte(static_cast<std::uint8_t>(*at ^ flip));
    const auto mark = static_cast<std::uint8_t>(zero[1] ^ flip);
    at = zero + 2;
    if (mark == 0x01) return at;
    if (mark != 0xFF) return nullptr;
    out.byte(0);
  }
}

bool is_written(Field field) { return field.type != FieldType::none; }

std::string excerpt(Slice bytes) {
  constexpr std::size_t kShownBytes = 16;
  std::string text;
  for (std::size_t i = 0; i < std::min<std::uint64_t>(bytes.size, kShownBytes); ++i)
    text += fmt::format("{:02x}", bytes.data[i]);
  return text + (bytes.size > kShownBytes ? "…" : "");
}

}  // namespace

PairFormatter::PairFormatter(const JobSpec& spec, std::span<const std::string> file_names)
    : file_names_(file_names) {
  std::size_t name_bytes_max = 0;
  for (const std::string& name : file_names) name_bytes_max = std::max(name_bytes_max, name.size());
  const auto text_bytes = [&](Field field) {
    return 1 + (field.type == FieldType::file ? name_bytes_max : kNumberBytes);
  };

  if (spec.out_kind != OutKind::value) {
    key_fields_ = spec.key_fields;
    for (const Field field : key_fields_) fixed_bytes_ += text_bytes(field);
    if (std::any_of(key_fields_.begin(), key_fields_.end(), is_written)) {
      const bool raw = key_fields_.size() == 1 && key_fields_[0].type == FieldType::bytes &&
                       !key_fields_[0].descending;
      key_shape_ = raw ? KeyShape::raw : KeyShape::decoded;
    }
  }
  if (spec.out_kind != OutKind::key) {
    value_field_ = spec.value_field;
    value_must_be_empty_ = value_field_.type == FieldType::none;
    fixed_bytes_ += text_bytes(value_field_);
    if (value_field_.type == FieldType::bytes)
      value_shape_ = ValueShape::raw;
    else if (value_field_.type == FieldType::u64)
      value_shape_ = ValueShape::u64;
    else if (is_written(value_field_))
      value_shape_ = ValueShape::decoded;
  }
  has_value_ = is_written(spec.value_field);
  value_may_lack_ = spec.has_reduce;
  tab_size_ = key_shape_ != KeyShape::nothing && value_shape_ != ValueShape::nothing ? 1 : 0;
  end_byte_ = spec.out_end == OutEnd::newline ? '\n' : '\0';
  end_size_ = spec.out_end == OutEnd::nothing ? 0 : 1;
  fixed_bytes_ += kPrefixBytes + 1;
}

bool PairFormatter::decodes(Slice key, Slice value) const {
  NoOut out;
  return write_key(out, key) && write_value(out, value);
}

std::uint8_t* PairFormatter::write(std::uint8_t* out, Slice key, Slice value) const {
  DirectOut direct(out);
  if (!write_key(direct, key)) return nullptr;
  return finish(direct.next(), value);
}

std::uint8_t* PairFormatter::write(std::uint8_t* out, std::uint64_t k0, std::uint64_t k1,
                                   std::uint32_t klen, const std::uint8_t* tail, Slice value) {
  if (key_shape_ == KeyShape::raw) {
    store_big_endian(out, k0);
    store_big_endian(out + 8, k1);
    if (klen > kPrefixBytes) std::memcpy(out + kPrefixBytes, tail, klen - kPrefixBytes);
    return finish(out + klen, value);
  }
  if (key_shape_ == KeyShape::nothing) return finish(out, value);
  return write(out, join_key(k0, k1, klen, tail), value);
}

Slice PairFormatter::join_key(std::uint64_t k0, std::uint64_t k1, std::uint32_t klen,
                              const std::uint8_t* tail) {
  whole_key_.resize(std::max<std::size_t>(klen, kPrefixBytes));
  store_big_endian(whole_key_.data(), k0);
  store_big_endian(whole_key_.data() + 8, k1);
  if (klen > kPrefixBytes) std::memcpy(whole_key_.data() + kPrefixBytes, tail, klen - kPrefixBytes);
  return {whole_key_.data(), klen};
}

bool PairFormatter::write_pieces(Slice key, Slice value,
                                 const std::function<void(Slice)>& take) const {
  PieceOut out(take);
  return write_key(out, key) && finish_pieces(out, value);
}

bool PairFormatter::write_pieces(std::uint64_t k0, std::uint64_t k1, std::uint32_t klen,
                                 const std::uint8_t* tail, Slice value,
                                 const std::function<void(Slice)>& take) {
  // Joining a key costs its size in memory, so a raw one, which may be huge, is not joined.
  if (key_shape_ == KeyShape::decoded)
    return write_pieces(join_key(k0, k1, klen, tail), value, take);
  PieceOut out(take);
  std::uint8_t head[kPrefixBytes];
  store_big_endian(head, k0);
  store_big_endian(head + 8, k1);
  if (key_shape_ == KeyShape::raw) {
    out.bytes(head, std::min<std::size_t>(klen, kPrefixBytes));
    if (klen > kPrefixBytes) out.bytes(tail, klen - kPrefixBytes);
  }
  return finish_pieces(out, value);
}

template <typename Out>
bool PairFormatter::finish_pieces(Out& out, Slice value) const {
  if (tab_before(value) != 0) out.byte('\t');
  if (!write_value(out, value)) return false;
  out.bytes(&end_byte_, end_size_);
  out.flush();
  return true;
}

/// TAB, value and record end. The commonest value, a count, has its way without a switch.
std::uint8_t* PairFormatter::finish(std::uint8_t* out, Slice value) const {
  *out = '\t';
  DirectOut direct(out + tab_before(value));
  if (value_shape_ == ValueShape::u64 && value.size == 8)
    direct.number(load(value.data, 8));
  else if (!write_value(direct, value))
    return nullptr;
  out = direct.next();
  *out = end_byte_;
  return out + end_size_;
}

template <typename Out>
bool PairFormatter::write_key(Out& out, Slice key) const {
  if (key_shape_ == KeyShape::raw) out.bytes(key.data, key.size);
  if (key_shape_ != KeyShape::decoded) return true;

  const std::uint8_t* at = key.data;
  const std::uint8_t* const end = at + key.size;
  bool is_first = true;
  for (std::size_t i = 0; i < key_fields_.size(); ++i) {
    const Field field = key_fields_[i];
    if (!is_written(field)) continue;
    if (!is_first) out.byte('\t');
    is_first = false;
    if (field.type == FieldType::bytes) {
      if (i + 1 == key_fields_.size() && !field.descending) {
        out.bytes(at, static_cast<std::size_t>(end - at));
        return true;
      }
      at = write_escaped(out, at, end, field.descending ? 0xFF : 0x00);
      if (at == nullptr) return false;
      continue;
    }
    const std::size_t size = fixed_bytes(field.type);
    if (static_cast<std::size_t>(end - at) < size) return false;
    std::uint64_t word = __builtin_bswap64(load(at, size)) >> (64 - 8 * size);
    if (field.descending) word ^= ~std::uint64_t{0} >> (64 - 8 * size);
    at += size;
    if (!write_fixed(out, field.type, value_of_ordered(field.type, word))) return false;
  }
  return at == end;
}

template <typename Out>
bool PairFormatter::write_value(Out& out, Slice value) const {
  if (value_shape_ == ValueShape::nothing) return !value_must_be_empty_ || value.size == 0;
  if (value_shape_ == ValueShape::raw) {
    out.bytes(value.data, value.size);
    return true;
  }
  if (value.size != fixed_bytes(value_field_.type)) return false;
  return write_fixed(out, value_field_.type, load(value.data, value.size));
}

template <typename Out>
bool PairFormatter::write_fixed(Out& out, FieldType type, std::uint64_t word) const {
  switch (type) {
    case FieldType::u64:
      out.number(word);
      return true;
    case FieldType::i64:
      out.number(static_cast<std::int64_t>(word));
      return true;
    case FieldType::f64:
      out.number(std::bit_cast<double>(word));
      return true;
    case FieldType::boolean:
      if (word > 1) return false;
      out.bytes(reinterpret_cast<const std::uint8_t*>(word != 0 ? "true" : "false"),
                word != 0 ? 4 : 5);
      return true;
    case FieldType::file:
      return write_file_name(out, word);
    case FieldType::none:
    case FieldType::bytes:
      break;
  }
  return false;
}

template <typename Out>
bool PairFormatter::write_file_name(Out& out, std::uint64_t ordinal) const {
  if (ordinal >= file_names_.size()) return false;
  const std::string& name = file_names_[ordinal];
  out.bytes(reinterpret_cast<const std::uint8_t*>(name.data()), name.size());
  return true;
}

Failure PairFormatter::malformed(Slice key, Slice value) {
  return fail(Code::plugin,
              fmt::format("the job emitted a pair that does not have the types it declares: key of "
                          "{} bytes ({}), value of {} bytes ({})",
                          key.size, excerpt(key), value.size, excerpt(value)),
              "the job's key and value types must be those of its encoding; see mrun/plugin.h");
}

}  // namespace mrun
