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

void declare_scratch(CommandParser& parser, RawRun& raw, const std::string& work,
                     const std::string& group) {
  parser.text("--tmp-limit", raw.tmp_limit, "SIZE",
              "The most that may lie there at once; more ends the " + work, group);
  parser.text("--compress-spill", raw.compress_spill, "FORMAT",
              "Compress what lies there: 'lz4', 'zstd' (smaller), 'none',\nor 'auto': with lz4 "
              "where, as measured, that is faster",
              group);
}

// A run may spill after hours, or never: a wrong folder is told at its start.
Result<void> check_tmp_dirs(const RawRun& raw, const RunOptions& options) {
  for (const std::string& folder : options.tmp_dirs)
    MRUN_TRY(check_tmp_dir(raw.name_of("--tmp-dir"), folder));
  return {};
}

}  // namespace mrun
