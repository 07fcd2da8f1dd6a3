// Out: writes output records of text fields, to the main output or to a declared side output.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "binding.hpp"
#include "codec.hpp"
#include "decimal.hpp"
#include "fail.hpp"
#include "plugin.h"
#include "types.hpp"

namespace mrun::detail {

/// How many text fields a value becomes.
template <typename T>
struct TextFields {
  static constexpr std::size_t kCount = std::same_as<T, None> ? 0 : 1;
};
template <typename T>
struct TextFields<Desc<T>> : TextFields<T> {};
template <typename... T>
struct TextFields<std::tuple<T...>> {
  static constexpr std::size_t kCount = (std::size_t{0} + ... + TextFields<T>::kCount);
};
template <typename A, typename B>
struct TextFields<std::pair<A, B>> : TextFields<std::tuple<A, B>> {};

/// Turns values into slices of text. `N` fields at most.
template <std::size_t N>
class TextRecord {
 public:
  explicit TextRecord(const mrun_host* host) : host_(host) {}

  template <typename T>
  void add(const T& value) {
    if constexpr (std::convertible_to<const T&, std::string_view>)
      add_text(value);
    else if constexpr (std::same_as<T, bool>)
      add_text(value ? std::string_view("true") : std::string_view("false"));
    else if constexpr (std::same_as<T, File>)
      slices_[n_++] = host_->file_name(host_, value.ordinal);
    else if constexpr (std::same_as<T, None>)
      return;
    else {
      static_assert(
          kIsInteger<T> || std::floating_point<T>,
          "a field is text, a number, bool, mrun::File, mrun::None, Desc, or a tuple of those");
      char* const begin = numbers_[n_];
      const auto result = std::to_chars(begin, begin + kNumberBytes, value);
      add_text({begin, static_cast<std::size_t>(result.ptr - begin)});
    }
  }
  void add(const Decimal& number) { add_text(number.text(numbers_[n_])); }
  template <typename T>
  void add(const Desc<T>& field) {
    add(field.value);
  }
  template <typename... T>
  void add(const std::tuple<T...>& fields) {
    std::apply([&](const auto&... field) { (add(field), ...); }, fields);
  }
  template <typename A, typename B>
  void add(const std::pair<A, B>& fields) {
    add(fields.first);
    add(fields.second);
  }

  const mrun_slice* slices() const { return slices_; }
  std::uint32_t size() const { return n_; }

 private:
  static constexpr std::size_t kNumberBytes = Decimal::kTextBytes;  // the longest double has 24

  void add_text(std::string_view text) {
    slices_[n_++] = {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }

  const mrun_host* host_;
  std::uint32_t n_ = 0;
  mrun_slice slices_[N == 0 ? 1 : N];
  char numbers_[N == 0 ? 1 : N][kNumberBytes];
};

}  // namespace mrun::detail

namespace mrun {

/// A side output, as a member of a job: `mrun::SideOutput bad{"rejected", "lines that do not
/// parse"};`. Its files are `rejected-00000` and so on, beside the parts.
class SideOutput {
 public:
  explicit SideOutput(const char* name, const char* help = nullptr) {
    detail::Binding* const binding = detail::Binding::current();
    if (binding == nullptr) return;
    if (binding->probing) binding->outputs.push_back({sizeof(mrun_output), 0, name, help});
    if (binding->job != nullptr)
      ordinal_ = static_cast<std::uint32_t>(detail::index_of(binding->job->outputs, name) + 1);
  }
  SideOutput(const SideOutput&) = delete;
  SideOutput& operator=(const SideOutput&) = delete;
  std::uint32_t ordinal() const { return ordinal_; }

 private:
  std::uint32_t ordinal_ = 0;
};

/// Writes records: `out(key, value)` gives one line `key<TAB>value`.
///
/// Text is written as it is. Integers are decimal, doubles the shortest text that reads back the
/// same, a Decimal has all its decimals, a file is its name, a tuple one field per element, Desc
/// its value, None no field.
class Out {
 public:
  explicit Out(detail::Session& session) : session_(&session) {}
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;

  template <typename... T>
  void operator()(const T&... values) {
    record(0, values...);
  }
  /// One record of as many fields of text as there are.
  void fields(std::span<const std::string_view> texts) {
    slices_.clear();
    for (const std::string_view text : texts)
      slices_.push_back({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    session_->check(session_->ctx->write(session_->ctx, 0, slices_.data(),
                                         static_cast<std::uint32_t>(slices_.size())));
  }
  /// Bytes of a record that is too long to be held; they are written as they come. `end_record`
  /// ends it, and until then nothing else may be written.
  void piece(std::string_view bytes) { write_part(bytes, false); }
  void end_record() { write_part({}, true); }
  /// As a call, to a side output.
  template <typename... T>
  void to(const SideOutput& side, const T&... values) {
    record(side.ordinal(), values...);
  }

 private:
  void write_part(std::string_view bytes, bool is_last) {
    session_->check(session_->ctx->write_part(
        session_->ctx, 0, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
        is_last ? 1 : 0));
  }
  template <typename... T>
  void record(std::uint32_t output, const T&... values) {
    detail::TextRecord<(std::size_t{0} + ... + detail::TextFields<T>::kCount)> text(session_->host);
    (text.add(values), ...);
    session_->check(session_->ctx->write(session_->ctx, output, text.slices(), text.size()));
  }

  detail::Session* session_;
  std::vector<mrun_slice> slices_;
};

}  // namespace mrun
