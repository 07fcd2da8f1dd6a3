// check_job_elf: judges a file's bytes as a job library before any of its code runs.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.hpp"

namespace mrun {

/// Whether `bytes` are a whole shared library for this machine whose dynamic symbols define
/// mrun_plugin_v1. Any bytes may be given. Errors are Code::plugin, name the file as `name` and say
/// what it is instead. The symbols are found the way the loader finds them: through the dynamic
/// segment, not through section headers, which a stripped file may lack.
Result<void> check_job_elf(std::span<const std::byte> bytes, const std::string& name);

}  // namespace mrun
