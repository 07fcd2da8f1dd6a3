// Shell patterns for names: *, ?, [...].
#pragma once

#include <fnmatch.h>

#include <string>

namespace mrun {

/// Whether all of `text` matches; `*` and `?` match no '/'. By bytes, whatever the locale.
inline bool glob_matches(const std::string& glob, const std::string& text) {
  return ::fnmatch(glob.c_str(), text.c_str(), FNM_PATHNAME) == 0;
}

}  // namespace mrun
