#include "cli/command_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "base/escape_text.hpp"
#include "cli/option_values.hpp"
#include "cli/suggest.hpp"

namespace mrun {
namespace {

constexpr std::size_t kHelpColumn = 28;

/// Fixed text around CLI11's lines of the options.
class HelpText final : public CLI::Formatter {
 public:
  HelpText(std::string before, std::string after)
      : before_(std::move(before)), after_(std::move(after)) {
    column_width(kHelpColumn);
  }
  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode mode) const override {
    return before_ + "\n" + make_groups(app, mode) + after_;
  }
  std::string make_group(std::string group, bool,
                         std::vector<const CLI::Option*> options) const override {
    std::string text = group + ":\n";
    for (const CLI::Option* option : options) text += make_option(option, false);
    return text;
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_name().empty() ? "" : " " + option->get_type_name();
  }

 private:
  std::string before_;
  std::string after_;
};

/// The environment variable of an option: "--tmp-dir" is MRUN_TMP_DIR.
std::string variable_of(const std::string& name) {
  if (name.empty()) return {};
  std::string variable = "MRUN_";
  for (const char c : name.substr(2))
    variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable;
}

}  // namespace

CommandParser::CommandParser(std::string help_before, std::string help_after) {
  app_.set_help_flag();
  app_.allow_extras();
  app_.formatter(std::make_shared<HelpText>(std::move(help_before), std::move(help_after)));
}

void CommandParser::flag(const std::string& names, bool& value, const std::string& help,
                         const std::string& group) {
  declare(app_.add_flag(names), names, help, group,
          [&value](const std::string& name, const Texts& given) -> Result<void> {
            MRUN_TRY_ASSIGN(
                const bool is_set,
                parse_choice<bool>(name, given.back(),
                                   {{"true", true}, {"false", false}, {"1", true}, {"0", false}}));
            value = value || is_set;
            return {};
          });
}

void CommandParser::text(const std::string& names, std::optional<std::string>& value,
                         const std::string& type, const std::string& help,
                         const std::string& group) {
  declare(app_.add_option(names)->type_name(type), names, help, group,
          [&value](const std::string&, const Texts& given) -> Result<void> {
            value = given.back();
            return {};
          });
}

void CommandParser::texts(const std::string& names, Texts& values, const std::string& type,
                          const std::string& help, const std::string& group) {
  declare(app_.add_option(names)->type_name(type), names, help, group,
          [&values](const std::string&, const Texts& given) -> Result<void> {
            values = given;
            return {};
          });
}

Result<CommandParser::Texts> CommandParser::parse(std::span<const std::string> arguments) {
  // Last, so that it stands last in the help.
  app_.add_flag("-h,--help", help_, "Print this help")->group("Messages");
  const auto mark = std::find(arguments.begin(), arguments.end(), "--");
  std::vector<std::string> reversed(arguments.begin(), mark);
  std::reverse(reversed.begin(), reversed.end());
  try {
    app_.parse(std::move(reversed));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();
    const std::string name = text.substr(0, text.find(':'));
    return fail(Code::usage, name + " needs a value",
                fmt::format("write {} {}", name, app_.get_option(name)->get_type_name()));
  } catch (const CLI::ParseError& error) {
    return fail(Code::usage, error.what());
  }
  if (help_) return Texts();
  MRUN_TRY(take_values());
  Texts words = app_.remaining();
  for (const std::string& word : words)
    if (word.size() > 1 && word[0] == '-') return unknown_option(word);
  if (mark != arguments.end()) words.insert(words.end(), mark + 1, arguments.end());
  return words;
}

void CommandParser::declare(CLI::Option* option, const std::string& names, const std::string& help,
                            const std::string& group, Take take) {
  option->description(help)->group(group)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  const std::size_t begin = names.find("--");
  declared_.push_back(
      {option, begin == std::string::npos ? "" : names.substr(begin), std::move(take)});
}

/// What was typed, or else what the environment says.
Result<void> CommandParser::take_values() {
  for (const Declared& one : declared_) {
    if (one.option->count() > 0) {
      MRUN_TRY(one.take(one.name, one.option->results()));
      continue;
    }
    const std::string variable = variable_of(one.name);
    const char* const value = variable.empty() ? nullptr : std::getenv(variable.c_str());
    if (value == nullptr || *value == '\0') continue;
    variables_[one.name] = variable;
    MRUN_TRY(one.take(variable, {value}));
  }
  return {};
}

Failure CommandParser::unknown_option(const std::string& word) const {
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : app_.get_options())
    for (const std::string& one : option->get_lnames()) names.push_back("--" + one);
  std::string hint = word.starts_with("--") ? suggest(name, names) : std::string();
  if (hint.empty()) hint = "a name that begins with '-' goes after '--'; --help shows the options";
  return fail(Code::usage, fmt::format("there is no option '{}'", excerpt_text(name)), hint);
}

}  // namespace mrun
