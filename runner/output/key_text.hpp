// KeyReader: turns the text of a key, as an output prints it, into the bytes that are stored.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "model/job_spec.hpp"

namespace mrun {

/// The inverse of what PairFormatter does to keys. Fields are parted by TAB; integers are decimal;
/// doubles any decimal text, inf or nan; a bool is true or false; a file is its name; bytes are
/// raw. A last field of bytes takes all that is left of the text, with its TABs. Read-only once
/// made, so any thread may call it.
class KeyReader {
 public:
  struct Key {
    std::string bytes;
    /// Every field was given: `bytes` is a key. Else it is what all keys with those leading fields
    /// begin with.
    bool is_whole = false;
    /// The text that was read names the next key, too.
    bool has_more = false;
  };

  /// `file_names`: input names by ordinal; they outlive the reader.
  KeyReader(std::vector<Field> fields, std::span<const std::string> file_names);

  /// One key, or several in rising order where a field names a file that several inputs have.
  /// Code::usage: a field is no value of its type, there are more fields than the key has, or it
  /// names too many keys.
  Result<std::vector<Key>> read(std::string_view text) const;
  /// What all keys begin with that have the given leading fields and, where the last one given is
  /// bytes, a last field that begins with it. A last field of another type that is empty is not
  /// given. Several prefixes and errors as of `read`.
  Result<std::vector<std::string>> read_prefix(std::string_view text) const;
  /// The bytes that pairs of hexadecimal digits stand for, with "0x" before them or not.
  static Result<std::string> read_hex(std::string_view text);

 private:
  /// By name, then by ordinal.
  using Ordinals = std::vector<std::pair<std::string_view, std::uint32_t>>;

  Result<std::vector<Key>> encode(std::string_view text, bool last_is_open) const;
  bool add_words(std::vector<Key>& keys, FieldType type, std::string_view text) const;
  std::span<const Ordinals::value_type> ordinals_of(std::string_view name) const;

  std::vector<Field> fields_;
  std::size_t printed_ = 0;  ///< Fields that are not `none`.
  Ordinals ordinals_;
};

}  // namespace mrun
