// OutputTarget: where an output will lie, and every reason why it may not lie there.
#pragma once

#include <span>
#include <string>

#include "base/result.hpp"

namespace mrun {

/// A place for an output that passed all checks.
struct OutputTarget {
  std::string parent;     ///< Real path of the folder that holds it.
  std::string name;       ///< Its name there.
  bool replaces = false;  ///< An mrun output stands there now and is to be replaced.

  std::string path() const { return parent == "/" ? "/" + name : parent + "/" + name; }
};

/// The place that `output`, as the user typed it, means. Code::output where it can be none: its
/// parent is missing, no folder or not writable, it is a link that leads nowhere, or the root.
Result<OutputTarget> locate_output(const std::string& output);

/// Checks `output` as the user typed it. Refused with Code::output: what exists and is not an empty
/// folder (unless `overwrite` and it holds an mrun manifest), a missing or unwritable parent, a
/// mount point, the current folder, and any overlap with `inputs` ("-" is none), compared by real
/// path.
Result<OutputTarget> check_output(const std::string& output, std::span<const std::string> inputs,
                                  bool overwrite);

}  // namespace mrun
