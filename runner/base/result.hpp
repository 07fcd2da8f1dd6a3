// Result<T>: a value, or an Error that says why there is none.
//
// The members mirror std::expected, so that a C++23 toolchain can replace this file with two
// aliases. A Result is checked once per batch, never per record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace mrun {

/// Why an operation failed. One code per exit status of the command (exit_status.hpp in `cli`
/// holds the numbers); every layer speaks of failures in these terms only.
enum class Code : std::uint8_t {
  job_failed,  ///< The job's own code said no (mrun::fail).
  usage,       ///< An option, a parameter or a budget that cannot work.
  input,       ///< Missing, unreadable, malformed or changed input.
  output,      ///< The output exists, overlaps the input, or the disk failed or is full.
  limit,       ///< More memory or another bounded resource is needed than there is.
  plugin,      ///< The job's library was refused, is missing, threw, or broke the contract.
  integrity,   ///< A checksum or conservation check does not hold.
  cancelled,   ///< A signal asked to stop.
};

/// One failure in words: what failed, where (file, offset), why, and how to mend it. One line each
/// for the message, the place and the hint, without a final dot or newline.
struct Error {
  Code code = Code::integrity;
  std::string message;
  std::string hint;  ///< How to mend it; empty where nothing better than the message is known.
  /// Where a job's call was: record or key, and task; empty where the message says all there is.
  std::string place = {};
};

/// Marks an Error on its way into a Result (std::unexpected<Error> in C++23).
struct [[nodiscard]] Failure {
  Error error;
};

[[nodiscard]] inline Failure fail(Code code, std::string message, std::string hint = {}) {
  return Failure{{code, std::move(message), std::move(hint)}};
}

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  bool has_value() const { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Failure failure) : error_(std::move(failure.error)) {}

  explicit operator bool() const { return !error_; }
  bool has_value() const { return !error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace mrun

// Evaluates `expression`; returns its error from the enclosing function if it failed.
#define MRUN_TRY(expression)                                   \
  do {                                                         \
    if (auto mrun_result_ = (expression); !mrun_result_)       \
      return ::mrun::Failure{std::move(mrun_result_).error()}; \
  } while (false)

// As MRUN_TRY, and moves the value into `declaration`: MRUN_TRY_ASSIGN(auto file, open(path));
#define MRUN_TRY_ASSIGN(declaration, expression) \
  MRUN_TRY_ASSIGN_AS_(MRUN_CONCAT_(mrun_result_, __LINE__), declaration, expression)
#define MRUN_TRY_ASSIGN_AS_(result, declaration, expression)      \
  auto result = (expression);                                     \
  if (!result) return ::mrun::Failure{std::move(result).error()}; \
  declaration = *std::move(result)
#define MRUN_CONCAT_(a, b) MRUN_CONCAT_AGAIN_(a, b)
#define MRUN_CONCAT_AGAIN_(a, b) a##b
