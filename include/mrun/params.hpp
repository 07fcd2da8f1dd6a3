// Param and Repeated: a job's parameters, given as `-D name=value`.
#pragma once

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "binding.hpp"
#include "codec.hpp"
#include "plugin.h"

namespace mrun {

/// As the type of a parameter: the path of a file that the job reads itself.
struct Path {
  std::string text;
};

}  // namespace mrun

namespace mrun::detail {

/// A parameter's text is not a value of its type. Becomes exit status 2.
struct BadParam : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void bad_param(std::string_view name, std::string_view text,
                                   std::string_view wanted) {
  throw BadParam("parameter " + std::string(name) + ": '" + std::string(text) + "' is not " +
                 std::string(wanted));
}

template <typename T>
constexpr std::uint32_t param_type() {
  if constexpr (std::same_as<T, Path>)
    return MRUN_T_BYTES;
  else {
    static_assert(kIsScalar<T> && !std::same_as<T, std::string_view> && !std::same_as<T, File> &&
                      !std::same_as<T, None>,
                  "a parameter is bool, an integer, double, std::string or mrun::Path");
    return scalar_type<T>();
  }
}

template <typename T>
T parse_param(std::string_view name, std::string_view text) {
  if constexpr (std::same_as<T, Path>) {
    return Path{std::string(text)};
  } else if constexpr (std::same_as<T, std::string>) {
    return std::string(text);
  } else if constexpr (std::same_as<T, bool>) {
    if (text == "true" || text == "1") return true;
    if (text == "false" || text == "0") return false;
    bad_param(name, text, "true or false");
  } else if constexpr (std::floating_point<T>) {
    // strtod, because libc++ 14 has no from_chars for doubles. It must take all of the text.
    const std::string copy(text);
    char* end = nullptr;
    const double value = std::strtod(copy.c_str(), &end);
    if (copy.empty() || copy.front() == ' ' || end != copy.c_str() + copy.size())
      bad_param(name, text, "a number");
    return static_cast<T>(value);
  } else {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range)
      bad_param(name, text, "in the range of the parameter's type");
    if (error != std::errc{} || end != text.data() + text.size())
      bad_param(name, text,
                std::unsigned_integral<T> ? "a whole number of 0 or more" : "a whole number");
    return value;
  }
}

inline void require_choice(const char* name, const char* choices, std::string_view text) {
  if (choices == nullptr) return;
  std::string_view rest = choices;
  for (;;) {
    const std::size_t bar = rest.find('|');
    if (rest.substr(0, bar) == text) return;
    if (bar == std::string_view::npos) bad_param(name, text, "one of " + std::string(choices));
    rest.remove_prefix(bar + 1);
  }
}

/// Declares the parameter while the job is probed; else returns the texts that the user gave.
template <typename T>
std::vector<std::string> bind_param(const char* name, const char* dflt, const char* help,
                                    const char* choices, std::uint32_t flags) {
  Binding* const binding = Binding::current();
  if (binding != nullptr && binding->probing) {
    if constexpr (std::same_as<T, Path>) flags |= MRUN_P_PATH;
    binding->params.push_back(
        {sizeof(mrun_param), param_type<T>(), flags, 0, name, dflt, help, choices});
  }
  if (binding != nullptr && binding->texts != nullptr)
    for (const ParamTexts& param : *binding->texts)
      if (param.name == name && !param.texts.empty()) return param.texts;
  if (dflt != nullptr) return {dflt};
  return {};
}

}  // namespace mrun::detail

namespace mrun {

/// One parameter, as a member of a job: `mrun::Param<int> k{"k", "10", "how many"};`, read as `*k`.
/// T is bool, an integer type, double, std::string or mrun::Path. A null default makes it required.
///
/// Members after it may use it in their initialisers. Initialisers that may throw belong into
/// `setup()`: while mrun asks a job what it declares, required parameters read as T{}.
template <typename T>
class Param {
 public:
  Param(const char* name, const char* dflt, const char* help = nullptr,
        const char* choices = nullptr) {
    const auto texts = detail::bind_param<T>(name, dflt, help, choices, 0);
    if (!texts.empty()) {
      detail::require_choice(name, choices, texts.back());
      value_ = detail::parse_param<T>(name, texts.back());
    } else if (detail::Binding* const binding = detail::Binding::current();
               binding != nullptr && !binding->probing) {
      throw detail::BadParam("parameter " + std::string(name) + " is required");
    }
  }
  Param(const Param&) = delete;
  Param& operator=(const Param&) = delete;

  const T& operator*() const { return value_; }
  const T* operator->() const { return &value_; }

 private:
  T value_{};
};

/// A parameter that may be given several times, or not at all: a range of T in the order given.
template <typename T>
class Repeated {
 public:
  explicit Repeated(const char* name, const char* help = nullptr, const char* choices = nullptr) {
    for (const std::string& text :
         detail::bind_param<T>(name, nullptr, help, choices, MRUN_P_REPEATS)) {
      detail::require_choice(name, choices, text);
      values_.push_back(detail::parse_param<T>(name, text));
    }
  }
  Repeated(const Repeated&) = delete;
  Repeated& operator=(const Repeated&) = delete;

  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }
  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }

 private:
  std::vector<T> values_;
};

}  // namespace mrun
