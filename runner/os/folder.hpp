// Listing a folder, in an order that does not depend on the file system.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "os/path_info.hpp"

namespace mrun {

/// One name in a folder. `kind` is what the folder says of it without following links; `missing`
/// where this file system does not say (then ask link_info).
struct FolderEntry {
  std::string name;
  PathKind kind = PathKind::missing;
};

/// All names but "." and "..", sorted by bytes.
Result<std::vector<FolderEntry>> list_folder(const std::string& path, Code code);

/// Whether the folder holds no name but "." and "..".
Result<bool> folder_is_empty(const std::string& path, Code code);

}  // namespace mrun
