// PairFormatter: turns the encoded keys and values of declared types into output text.
//
// `None` is no field and no TAB; integers are decimal; doubles the shortest text that reads back
// the same; a bool is true or false; a composite key is one field per element, joined by TAB; a
// descending field reads as the plain one; a file is its name; bytes are raw and unescaped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/entry.hpp"
#include "model/job_spec.hpp"

namespace mrun {

/// Formats the pairs of one job: what its OutKind says of key and value, and its record end. The
/// shape of the job's types is decided once, here. Copy it for every thread.
class PairFormatter {
 public:
  /// `file_names`: input names by ordinal; they outlive every copy. A job with a reduce of its own
  /// has pairs without a value (null data), which are written without a TAB.
  PairFormatter(const JobSpec& spec, std::span<const std::string> file_names);

  /// Bytes that must be writable where a pair with such a key and value is written: at least its
  /// text, and some slack.
  std::size_t bytes_max(std::uint64_t key_size, std::uint64_t value_size) const {
    return static_cast<std::size_t>(key_size + value_size) + fixed_bytes_;
  }

  /// Writes the record of a pair and returns its end. Null where key or value is not an encoding of
  /// its declared type (then what was written means nothing): see `malformed`.
  std::uint8_t* write(std::uint8_t* out, Slice key, Slice value) const;

  /// The same for a key in two places: its first 16 bytes big-endian in `k0` and `k1`, zero-padded,
  /// and those from 16 on at `tail`.
  std::uint8_t* write(std::uint8_t* out, std::uint64_t k0, std::uint64_t k1, std::uint32_t klen,
                      const std::uint8_t* tail, Slice value);

  /// The same text in pieces, for pairs too large for one buffer: `take` gets them in order and
  /// must not keep them. False where malformed.
  bool write_pieces(Slice key, Slice value, const std::function<void(Slice)>& take) const;
  bool write_pieces(std::uint64_t k0, std::uint64_t k1, std::uint32_t klen,
                    const std::uint8_t* tail, Slice value, const std::function<void(Slice)>& take);

  /// Whether key and value are encodings of their declared types, as far as they are written.
  bool decodes(Slice key, Slice value) const;
  /// Whether `decodes` says yes to every key.
  bool takes_any_key() const { return key_shape_ != KeyShape::decoded; }
  /// Whether pairs have values: whether a type is declared for them.
  bool has_value() const { return has_value_; }
  /// The whole key of one in two places; lives until the next call.
  Slice join_key(std::uint64_t k0, std::uint64_t k1, std::uint32_t klen, const std::uint8_t* tail);

  /// The error to report after a null or false: the job broke the contract (Code::plugin).
  static Failure malformed(Slice key, Slice value);

 private:
  /// What is written of a key or a value, where that needs no look at its bytes or where it does.
  enum class KeyShape : std::uint8_t { nothing, raw, decoded };
  enum class ValueShape : std::uint8_t { nothing, raw, u64, decoded };

  template <typename Out>
  bool write_key(Out& out, Slice key) const;
  template <typename Out>
  bool write_value(Out& out, Slice value) const;
  template <typename Out>
  bool finish_pieces(Out& out, Slice value) const;
  template <typename Out>
  bool write_fixed(Out& out, FieldType type, std::uint64_t word) const;
  template <typename Out>
  bool write_file_name(Out& out, std::uint64_t ordinal) const;
  std::uint8_t* finish(std::uint8_t* out, Slice value) const;

  std::uint8_t tab_before(Slice value) const {
    return value_may_lack_ && value.data == nullptr ? 0 : tab_size_;
  }

  std::vector<Field> key_fields_;  ///< Empty where the key is not written.
  Field value_field_;              ///< `none` where the value is not written.
  KeyShape key_shape_ = KeyShape::nothing;
  ValueShape value_shape_ = ValueShape::nothing;
  bool value_must_be_empty_ = false;
  bool has_value_ = false;
  bool value_may_lack_ = false;  ///< Null data is no value, and then there is no TAB.
  std::uint8_t tab_size_ = 0;    ///< 1 where both key and value are written.
  std::uint8_t end_byte_ = 0;
  std::uint8_t end_size_ = 0;
  std::size_t fixed_bytes_ = 0;
  std::span<const std::string> file_names_;
  std::vector<std::uint8_t> whole_key_;  ///< Scratch: a key put together from its two places.
};

}  // namespace mrun
