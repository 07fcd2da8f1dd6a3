// Finds mistakes in parameters before the job runs, where they can still be named well.
#include "cli/params.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/escape_text.hpp"
#include "cli/suggest.hpp"

namespace mrun {
namespace {

template <typename Number>
bool is_number(std::string_view text) {
  Number number{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

bool is_choice(std::string_view text, std::string_view choices) {
  while (true) {
    const std::size_t bar = choices.find('|');
    if (choices.substr(0, bar) == text) return true;
    if (bar == std::string_view::npos) return false;
    choices.remove_prefix(bar + 1);
  }
}

/// What a value of the parameter looks like; empty where `text` is one.
std::string what_it_is_not(const ParamSpec& param, std::string_view text) {
  if (!param.choices.empty())
    return is_choice(text, param.choices) ? std::string()
                                          : fmt::format("one of {}", escape_text(param.choices));
  switch (param.type) {
    case FieldType::i64:
      return is_number<std::int64_t>(text) ? "" : "a whole number of 64 bits";
    case FieldType::u64:
      return is_number<std::uint64_t>(text) ? "" : "a whole number from 0 to 2^64 - 1";
    case FieldType::f64:
      return is_number<double>(text) ? "" : "a number";
    case FieldType::boolean:
      return text == "true" || text == "false" || text == "1" || text == "0" ? "" : "true or false";
    case FieldType::none:
    case FieldType::bytes:
    case FieldType::file:
      break;
  }
  return {};
}

Failure unknown_param(std::string_view name, const JobSpec& job) {
  std::vector<std::string> names;
  for (const ParamSpec& param : job.params) names.push_back(param.name);
  std::string hint = suggest(name, names);
  if (hint.empty())
    hint = names.empty() ? "it has none" : fmt::format("it has {}", fmt::join(names, ", "));
  return fail(Code::usage,
              fmt::format("job '{}' has no parameter '{}'", job.name, excerpt_text(name)), hint);
}

Failure missing_param(const ParamSpec& param, const JobSpec& job) {
  return fail(Code::usage,
              fmt::format("job '{}' needs the parameter '{}'{}{}", job.name, param.name,
                          param.help.empty() ? "" : ": ", escape_text(param.help)),
              fmt::format("add -D {}=...", param.name));
}

}  // namespace

Result<JobParams> check_params(std::span<const std::string> definitions, const JobSpec& job) {
  JobParams params;
  params.values.resize(job.params.size());
  for (const std::string& definition : definitions) {
    const std::size_t equals = definition.find('=');
    const std::string name = definition.substr(0, equals);
    const std::string value = equals == std::string::npos ? "true" : definition.substr(equals + 1);
    const auto found = std::find_if(job.params.begin(), job.params.end(),
                                    [&](const ParamSpec& param) { return param.name == name; });
    if (found == job.params.end()) return unknown_param(name, job);
    std::vector<std::string>& values =
        params.values[static_cast<std::size_t>(found - job.params.begin())];
    if (!values.empty() && !found->repeats)
      return fail(Code::usage,
                  fmt::format("the parameter '{}' is given twice, as '{}' and '{}'", name,
                              excerpt_text(values[0]), excerpt_text(value)),
                  fmt::format("job '{}' takes it once", job.name));
    const std::string wanted = what_it_is_not(*found, value);
    if (!wanted.empty())
      return fail(Code::usage, fmt::format("the parameter '{}' of job '{}' is '{}', and must be {}",
                                           name, job.name, excerpt_text(value), wanted));
    values.push_back(value);
    params.given.emplace_back(name, value);
  }
  for (std::size_t i = 0; i < job.params.size(); ++i)
    if (job.params[i].required && params.values[i].empty())
      return missing_param(job.params[i], job);
  return params;
}

}  // namespace mrun
