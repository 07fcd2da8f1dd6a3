// PairFormatter: turns the encoded keys and values of declared types into output text.
//
// `None` is no field and no TAB; integers are decimal; doubles the shortest text that reads back the
// same; a bool is true or false; a composite key is one field per element, joined by TAB; a
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
  /// `file_names`: input names by ordinal; they outlive every copy.
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

  /// The error to report after a null or false: the job broke the contract (Code::plugin).
  static Failure malformed(Slice key, Slice value);

 private:
  enum class Shape : std::uint8_t { bytes_u64, bytes_bytes, bytes_none, general };

  template <typename Out>
  bool write_fields(Out& out, Slice key, Slice value) const;
  template <typename Out>
  bool write_key(Out& out, Slice key, bool& first) const;
  std::uint8_t* finish_fast(std::uint8_t* out, Slice value) const;

  std::vector<Field> key_fields_;  ///< Without `none`; empty where the key is not written.
  Field value_field_;              ///< `none` where the value is not written.
  OutEnd end_;
  Shape shape_;
  std::size_t fixed_bytes_ = 0;
  std::span<const std::string> file_names_;
  std::vector<std::uint8_t> whole_key_;  ///< Scratch: a key put together from its two places.
};

}  // namespace mrun
