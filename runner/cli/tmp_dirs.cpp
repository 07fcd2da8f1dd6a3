#include "cli/tmp_dirs.hpp"

#include <fmt/format.h>

#include <string>

#include "os/path_info.hpp"

namespace mrun {
namespace {

Result<void> check_tmp_dir(const std::string& option, const std::string& folder) {
  MRUN_TRY_ASSIGN(const PathInfo info, path_info(folder, Code::output));
  if (info.kind == PathKind::folder && is_writable_folder(folder)) return {};
  return fail(Code::output,
              fmt::format("{} '{}' {}", option, folder,
                          !info.exists()                  ? "does not exist"
                          : info.kind != PathKind::folder ? "is no folder"
                                                          : "cannot be written to"),
              "name another folder, or leave it out");
}

}  // namespace

// A run may spill after hours, or never: a wrong folder is told at its start.
Result<void> check_tmp_dirs(const RawRun& raw, const RunOptions& options) {
  for (const std::string& folder : options.tmp_dirs)
    MRUN_TRY(check_tmp_dir(raw.name_of("--tmp-dir"), folder));
  return {};
}

}  // namespace mrun
