// Errors of the system in words that a message can hold.
#pragma once

#include <string>

#include "base/result.hpp"

namespace mrun {

/// "No space left on device" for ENOSPC. Thread-safe.
std::string errno_text(int error_number);

/// "cannot OPERATION 'PATH': WORDS". `code` is what the failure counts as to the caller: reading an
/// input and reading back an output fail differently.
Failure system_failure(Code code, const std::string& operation, const std::string& path,
                       int error_number, std::string hint = {});

}  // namespace mrun
