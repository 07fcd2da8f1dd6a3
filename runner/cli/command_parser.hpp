// CommandParser: the options of one command, declared in a line each and taken from what is typed
// or, where they are not, from the environment.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace mrun {

/// Words that are no options are taken as they come: CLI11 would read a list into an input named
/// "[a]". `names` are as "-T,--tmp-dir"; a long name's variable is MRUN_TMP_DIR.
class CommandParser {
 public:
  using Texts = std::vector<std::string>;

  CommandParser(std::string help_before, std::string help_after);

  /// True where it is given, unless as NAME=false.
  void flag(const std::string& names, bool& value, const std::string& help,
            const std::string& group);
  /// May be repeated, as aliases of shells do; the last one counts.
  void text(const std::string& names, std::optional<std::string>& value, const std::string& type,
            const std::string& help, const std::string& group);
  void texts(const std::string& names, Texts& values, const std::string& type,
             const std::string& help, const std::string& group);

  /// Once, after all declarations. The words that are no options, in order; Code::usage.
  Result<Texts> parse(std::span<const std::string> arguments);

  bool help_asked() const { return help_; }
  std::string help() const { return app_.help(); }
  /// The variables whose values were taken, by the names of their options.
  std::map<std::string, std::string> variables() && { return std::move(variables_); }

 private:
  /// Takes the values of an option, at least one; an error says `name`.
  using Take = std::function<Result<void>(const std::string& name, const Texts& given)>;
  struct Declared {
    CLI::Option* option;
    std::string name;  // The long one, as "--tmp-dir"; empty where there is none.
    Take take;
  };

  void declare(CLI::Option* option, const std::string& names, const std::string& help,
               const std::string& group, Take take);
  Result<void> take_values();
  Failure unknown_option(const std::string& word) const;

  CLI::App app_;
  std::vector<Declared> declared_;
  std::map<std::string, std::string> variables_;
  bool help_ = false;
};

}  // namespace mrun
