// Removing a folder with all it holds, without ever leaving it through a link.
#pragma once

#include <string>

#include "base/result.hpp"

namespace mrun {

/// Removes a file, a link, or a folder with all it holds. A path that is missing, or goes missing
/// meanwhile, is no error. Code::output names what could not be removed.
Result<void> remove_whole_tree(const std::string& path);

}  // namespace mrun
