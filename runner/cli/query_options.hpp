// The options of the commands that ask finished outputs: get, scan, merge.
#pragma once

#include <span>
#include <string>

#include "cli/raw_options.hpp"

namespace mrun {

/// The arguments after the command's name. Code::usage says which one is wrong.
Result<RawCommand> parse_get(std::span<const std::string> arguments);
Result<RawCommand> parse_scan(std::span<const std::string> arguments);
Result<RawCommand> parse_merge(std::span<const std::string> arguments);

}  // namespace mrun
