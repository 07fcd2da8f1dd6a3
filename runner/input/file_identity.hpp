// Whether a file is still the one that was listed.
#pragma once

#include <string>

#include "base/result.hpp"
#include "input/input_list.hpp"
#include "os/path_info.hpp"

namespace mrun {

inline FileIdentity identity_of(const PathInfo& info) {
  return {info.device, info.inode, info.size_bytes, info.mtime_ns, info.ctime_ns};
}

inline Failure changed_failure(const std::string& path) {
  return fail(Code::input, "'" + path + "' was changed, replaced or removed while it was read",
              "run again once nothing writes to it");
}

/// Code::input unless the file's path still names what was listed. Streams always pass.
inline Result<void> check_identity(const InputFile& file) {
  if (file.is_stream) return {};
  MRUN_TRY_ASSIGN(const PathInfo now, path_info(file.path, Code::input));
  if (!now.exists() || identity_of(now) != file.identity) return changed_failure(file.path);
  return {};
}

/// What opening an input gave. One that is gone was changed, whichever step finds out first.
template <typename Opened>
Result<Opened> opened_input(const InputFile& file, Result<Opened> opened) {
  if (!opened) MRUN_TRY(check_identity(file));
  return opened;
}

}  // namespace mrun
