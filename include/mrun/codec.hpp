// Codecs: keys as bytes whose order is the order of the values, and values as bytes.
//
// The encodings are part of the C contract; plugin.h lists them. Key types are std::string_view,
// std::string, integers (as 64 bits), double and float, bool, File, None, Desc of those, and a
// std::tuple or std::pair of them. Value types are the same without Desc, tuple and pair, and any
// trivially copyable struct or array, which is stored as its bytes (so it should have no padding).
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "buffer.hpp"
#include "escaped.hpp"
#include "plugin.h"
#include "types.hpp"

namespace mrun::detail {

static_assert(std::endian::native == std::endian::little, "mrun runs on little-endian machines");

template <typename T>
inline constexpr bool kIsText = std::same_as<T, std::string> || std::same_as<T, std::string_view>;
template <typename T>
inline constexpr bool kIsInteger =
    std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
    !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> && !std::same_as<T, char16_t> &&
    !std::same_as<T, char32_t>;
template <typename T>
inline constexpr bool kIsScalar =
    kIsText<T> || kIsInteger<T> || std::floating_point<T> || std::same_as<T, bool> ||
    std::same_as<T, File> || std::same_as<T, None>;

/// The contract's type of a scalar.
template <typename T>
constexpr std::uint8_t scalar_type() {
  if constexpr (kIsText<T>)
    return MRUN_T_BYTES;
  else if constexpr (std::same_as<T, bool>)
    return MRUN_T_BOOL;
  else if constexpr (std::same_as<T, File>)
    return MRUN_T_FILE;
  else if constexpr (std::same_as<T, None>)
    return MRUN_T_NONE;
  else if constexpr (std::floating_point<T>)
    return MRUN_T_F64;
  else if constexpr (std::signed_integral<T>)
    return MRUN_T_I64;
  else
    return MRUN_T_U64;
}

[[noreturn]] inline void bad_encoding() {
  throw std::runtime_error("a key or value does not have the bytes of its type");
}

inline void require(bool condition) {
  if (!condition) bad_encoding();
}

inline std::uint64_t load_big(const std::uint8_t* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, 8);
  return __builtin_bswap64(word);
}
inline void store_big(std::uint8_t* bytes, std::uint64_t word) {
  word = __builtin_bswap64(word);
  std::memcpy(bytes, &word, 8);
}

inline constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

/// A double's bits such that unsigned order is the order of the values, NaN last.
inline std::uint64_t ordered_bits(double value) {
  if (value == 0) value = 0;  // -0.0 becomes +0.0
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}
inline double double_of_ordered(std::uint64_t bits) {
  return std::bit_cast<double>((bits & kSignBit) != 0 ? bits & ~kSignBit : ~bits);
}

/// One field of a key. `kRaw`: bytes as they are, which only an ascending last field may be.
template <typename T>
struct FieldCodec {
  static_assert(kIsScalar<T>,
                "a key field is a string, an integer, a double, bool, File, None, or Desc of one");
  static constexpr std::uint8_t kType = scalar_type<T>();
  /// Bytes of every encoding; -1 where they differ.
  static constexpr int kFixed = kIsText<T>              ? -1
                                : std::same_as<T, None> ? 0
                                : std::same_as<T, bool> ? 1
                                : std::same_as<T, File> ? 4
                                                        : 8;

  static std::size_t max_size(const T& value) {
    if constexpr (kIsText<T>)
      return value.size() * 2 + 2;
    else
      return static_cast<std::size_t>(kFixed);
  }

  template <bool kRaw>
  static std::uint8_t* put(std::uint8_t* out, const T& value) {
    if constexpr (kIsText<T>) {
      if constexpr (!kRaw) return put_escaped(out, value);
      if (!value.empty()) std::memcpy(out, value.data(), value.size());
      return out + value.size();
    } else if constexpr (std::same_as<T, None>) {
      return out;
    } else if constexpr (std::same_as<T, bool>) {
      *out = value ? 1 : 0;
      return out + 1;
    } else if constexpr (std::same_as<T, File>) {
      const std::uint32_t word = __builtin_bswap32(value.ordinal);
      std::memcpy(out, &word, 4);
      return out + 4;
    } else {
      if constexpr (std::floating_point<T>)
        store_big(out, ordered_bits(static_cast<double>(value)));
      else if constexpr (std::signed_integral<T>)
        store_big(out, static_cast<std::uint64_t>(static_cast<std::int64_t>(value)) ^ kSignBit);
      else
        store_big(out, static_cast<std::uint64_t>(value));
      return out + 8;
    }
  }

  /// Reads a field whose bytes are complemented by `flip` (0x00 or 0xFF). Views of bytes that are
  /// not raw are put into `scratch`, which has room. Returns where the next field begins.
  template <bool kRaw>
  static const std::uint8_t* get(const std::uint8_t* at, const std::uint8_t* end, std::uint8_t flip,
                                 T& value, std::uint8_t*& scratch) {
    if constexpr (kIsText<T>) {
      if constexpr (kRaw) {
        value = T(reinterpret_cast<const char*>(at), static_cast<std::size_t>(end - at));
        return end;
      } else {
        std::uint8_t* const begin = scratch;
        for (;;) {
          require(at != end);
          const auto byte = static_cast<std::uint8_t>(*at++ ^ flip);
          if (byte == 0) {
            require(at != end);
            if (static_cast<std::uint8_t>(*at++ ^ flip) == 0x01) break;
          }
          *scratch++ = byte;
        }
        value = T(reinterpret_cast<const char*>(begin), static_cast<std::size_t>(scratch - begin));
        return at;
      }
    } else {
      constexpr auto size = static_cast<std::size_t>(kFixed);
      require(static_cast<std::size_t>(end - at) >= size);
      std::uint8_t bytes[8] = {};
      for (std::size_t i = 0; i < size; ++i)
        bytes[8 - size + i] = static_cast<std::uint8_t>(at[i] ^ flip);
      const std::uint64_t word = load_big(bytes);
      if constexpr (std::same_as<T, bool>)
        value = word != 0;
      else if constexpr (std::same_as<T, File>)
        value.ordinal = static_cast<std::uint32_t>(word);
      else if constexpr (std::floating_point<T>)
        value = static_cast<T>(double_of_ordered(word));
      else if constexpr (std::same_as<T, None>)
        static_cast<void>(word);
      else if constexpr (std::signed_integral<T>)
        value = static_cast<T>(static_cast<std::int64_t>(word ^ kSignBit));
      else
        value = static_cast<T>(word);
      return at + size;
    }
  }

  /// The end of a field that is not raw.
  static const std::uint8_t* skip(const std::uint8_t* at, const std::uint8_t* end,
                                  std::uint8_t flip) noexcept {
    if constexpr (kIsText<T>) {
      while ((at = find_zero(at, end, flip)), end - at >= 2) {
        at += 2;
        if (static_cast<std::uint8_t>(at[-1] ^ flip) == 0x01) return at;
      }
      return end;
    } else {
      constexpr std::ptrdiff_t size = kFixed;
      return end - at >= size ? at + size : end;
    }
  }
};

template <typename T>
struct FieldCodec<Desc<T>> {
  using Inner = FieldCodec<T>;
  static constexpr std::uint8_t kType = Inner::kType | MRUN_T_DESCENDING;
  static constexpr int kFixed = Inner::kFixed;

  static std::size_t max_size(const Desc<T>& field) { return Inner::max_size(field.value); }
  template <bool kRaw>
  static std::uint8_t* put(std::uint8_t* out, const Desc<T>& field) {
    std::uint8_t* const end = Inner::template put<false>(out, field.value);
    for (; out != end; ++out) *out = static_cast<std::uint8_t>(~*out);
    return end;
  }
  template <bool kRaw>
  static const std::uint8_t* get(const std::uint8_t* at, const std::uint8_t* end, std::uint8_t flip,
                                 Desc<T>& field, std::uint8_t*& scratch) {
    return Inner::template get<false>(at, end, static_cast<std::uint8_t>(~flip), field.value,
                                      scratch);
  }
  static const std::uint8_t* skip(const std::uint8_t* at, const std::uint8_t* end,
                                  std::uint8_t flip) noexcept {
    return Inner::skip(at, end, static_cast<std::uint8_t>(~flip));
  }
};

/// A key as a list of fields, whether it is one value, a tuple or a pair.
template <typename K>
struct KeyFields {
  using Tuple = std::tuple<K>;
  static std::tuple<const K&> view(const K& key) { return {key}; }
};
template <typename... T>
struct KeyFields<std::tuple<T...>> {
  using Tuple = std::tuple<T...>;
  static const Tuple& view(const Tuple& key) { return key; }
};
template <typename A, typename B>
struct KeyFields<std::pair<A, B>> {
  using Tuple = std::tuple<A, B>;
  static std::tuple<const A&, const B&> view(const std::pair<A, B>& key) {
    return {key.first, key.second};
  }
};

template <typename K>
struct KeyCodec {
  using Tuple = typename KeyFields<K>::Tuple;
  static constexpr std::size_t kFields = std::tuple_size_v<Tuple>;
  template <std::size_t I>
  using Field = FieldCodec<std::tuple_element_t<I, Tuple>>;
  using Indices = std::make_index_sequence<kFields>;

  static constexpr auto kTypes = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<std::uint8_t, kFields>{Field<I>::kType...};
  }
  (Indices{});
  /// Bytes of every key; -1 where they differ.
  static constexpr int kFixed = []<std::size_t... I>(std::index_sequence<I...>) {
    return ((Field<I>::kFixed < 0) || ...) ? -1 : (0 + ... + Field<I>::kFixed);
  }
  (Indices{});

  static std::size_t max_size(const K& key) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      const auto& fields = KeyFields<K>::view(key);
      return (std::size_t{0} + ... + Field<I>::max_size(std::get<I>(fields)));
    }
    (Indices{});
  }

  /// Writes the encoding to `out`, which has max_size bytes; returns its end.
  static std::uint8_t* put(std::uint8_t* out, const K& key) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      const auto& fields = KeyFields<K>::view(key);
      ((out = Field<I>::template put<I + 1 == kFields>(out, std::get<I>(fields))), ...);
    }
    (Indices{});
    return out;
  }

  /// The value of an encoding. Views point into it or into `scratch`. Throws where it is malformed.
  static K get(mrun_slice bytes, Buffer& scratch) {
    std::uint8_t* unescaped = nullptr;
    if constexpr (kFixed < 0) unescaped = scratch.room(static_cast<std::size_t>(bytes.size));
    const std::uint8_t* at = bytes.data;
    const std::uint8_t* const end = at + bytes.size;
    Tuple fields{};
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((at = Field<I>::template get<I + 1 == kFields>(at, end, 0, std::get<I>(fields), unescaped)),
       ...);
    }
    (Indices{});
    require(at == end);
    if constexpr (std::same_as<K, Tuple>)
      return fields;
    else
      return std::make_from_tuple<K>(std::move(fields));
  }

  /// Bytes of the first `n_fields` fields; all of them where there are no more fields.
  static std::uint32_t prefix_size(mrun_slice bytes, std::size_t n_fields) noexcept {
    const std::uint8_t* at = bytes.data;
    const std::uint8_t* const end = at + bytes.size;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((I < n_fields ? void(at = I + 1 == kFields ? end : Field<I>::skip(at, end, 0)) : void()),
       ...);
    }
    (Indices{});
    return static_cast<std::uint32_t>(at - bytes.data);
  }
};

/// A value as bytes. Numbers, bool and File are words that travel inside an entry.
template <typename V>
struct ValueCodec {
  static_assert(kIsScalar<V> || std::is_trivially_copyable_v<V>,
                "a value is a string, a number, bool, File, None, or a trivially copyable struct");
  static constexpr bool kIsStruct = !kIsScalar<V>;
  static constexpr bool kIsWord = kIsScalar<V> && !kIsText<V>;
  static constexpr std::uint8_t kType = [] {
    if constexpr (kIsScalar<V>)
      return scalar_type<V>();
    else
      return static_cast<std::uint8_t>(MRUN_T_BYTES);
  }();
  /// For words: bytes of every value.
  static constexpr std::uint32_t kSize = std::same_as<V, None>   ? 0u
                                         : std::same_as<V, bool> ? 1u
                                         : std::same_as<V, File> ? 4u
                                                                 : 8u;

  static std::uint64_t word(const V& value) requires kIsWord {
    if constexpr (std::same_as<V, None>)
      return 0;
    else if constexpr (std::same_as<V, File>)
      return value.ordinal;
    else if constexpr (std::floating_point<V>)
      return std::bit_cast<std::uint64_t>(static_cast<double>(value));
    else if constexpr (std::signed_integral<V>)
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
    else
      return static_cast<std::uint64_t>(value);
  }

  static V get(const std::uint8_t* data, std::uint64_t size) {
    if constexpr (kIsText<V>) {
      return V(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    } else if constexpr (kIsStruct) {
      require(size == sizeof(V));
      V value;
      std::memcpy(&value, data, sizeof(V));
      return value;
    } else {
      require(size == kSize);
      std::uint64_t bits = 0;
      if constexpr (kSize != 0) std::memcpy(&bits, data, kSize);
      if constexpr (std::same_as<V, None>)
        return V{};
      else if constexpr (std::same_as<V, File>)
        return V{static_cast<std::uint32_t>(bits)};
      else if constexpr (std::same_as<V, bool>)
        return bits != 0;
      else if constexpr (std::floating_point<V>)
        return static_cast<V>(std::bit_cast<double>(bits));
      else if constexpr (std::signed_integral<V>)
        return static_cast<V>(static_cast<std::int64_t>(bits));
      else
        return static_cast<V>(bits);
    }
  }
};

}  // namespace mrun::detail
