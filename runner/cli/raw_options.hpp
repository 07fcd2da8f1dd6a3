// RawCommand: exactly what was typed, taken apart but not yet understood.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace mrun {

/// `mrun run`. Options that were not typed are empty.
struct RawRun {
  std::string job;
  std::vector<std::string> inputs;
  std::string output;
  std::optional<std::string> threads, memory, partitions, tmp_limit, split_size, records, io,
      decompress, output_format, progress, color, compress, compress_spill;
  std::optional<std::string> files_from;
  std::vector<std::string> params, include, exclude, tmp_dirs;
  bool explain = false, json = false;
  bool strip_cr = false, skip_header = false, nul_names = false;
  bool overwrite = false, no_sync = false, stats = false, quiet = false, verbose = false;
  std::map<std::string, std::string> variables;  ///< Those that stand for options, by their names.

  /// What the user knows the option as: its name ("--memory"), or the variable that stands for it.
  std::string name_of(const std::string& option) const {
    const auto found = variables.find(option);
    return found == variables.end() ? option : found->second;
  }
};
struct RawInfo {
  std::string job;
};
struct RawVerify {
  std::string output;
  bool quiet = false;
};
struct RawCat {
  std::string output;
  std::optional<std::string> side;
};
struct RawGet {
  std::string output;
  std::vector<std::string> keys;
  bool from_stdin = false, hex = false, stats = false;
};
struct RawScan {
  std::string output;
  std::optional<std::string> prefix, from, to, limit;
  bool hex = false, reverse = false, count = false, stats = false;
};
/// `mrun merge`: a run whose inputs are the outputs to merge.
struct RawMerge {
  RawRun run;
};
/// Text that was asked for: a help, the version.
struct RawText {
  std::string text;
};

using RawCommand =
    std::variant<RawRun, RawInfo, RawVerify, RawCat, RawGet, RawScan, RawMerge, RawText>;

/// Takes the arguments (without the program's name) apart. Code::usage says which one is wrong.
Result<RawCommand> parse_arguments(std::span<const std::string> arguments);

/// The names of the commands.
std::span<const std::string> command_names();

}  // namespace mrun
