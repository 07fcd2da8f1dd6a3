// print_pairs: the main parts of a table or kv output as the text that the job would have written.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "base/stop_flag.hpp"
#include "output/manifest.hpp"

namespace mrun {

/// Hands the text of all parts to `write` in order, in pieces of at most 1 MiB. Code::integrity
/// where a part is missing or is not what it was: after the text before the damage.
Result<void> print_pairs(const std::string& output, const Manifest& manifest, const StopFlag& stop,
                         const std::function<Result<void>(std::span<const std::byte>)>& write);

}  // namespace mrun
