// Finds the place of an output and refuses the places where it must not lie.
#include "output/output_target.hpp"

#include "os/folder.hpp"
#include "os/path_info.hpp"
#include "output/manifest.hpp"

namespace mrun {
namespace {

std::string without_trailing_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

/// Splits an absolute or relative path without trailing slashes.
OutputTarget split_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

bool lies_in(const std::string& path, const std::string& folder) {
  return path == folder || folder == "/" || path.starts_with(folder + "/");
}

Result<void> check_parent(const std::string& parent) {
  MRUN_TRY_ASSIGN(const PathInfo info, path_info(parent, Code::output));
  if (!info.exists())
    return fail(Code::output, "folder '" + parent + "', where the output should be, does not exist",
                "make it first: mkdir -p '" + parent + "'");
  if (info.kind != PathKind::folder)
    return fail(Code::output, "'" + parent + "', where the output should be, is not a folder",
                "choose an output in a folder");
  if (!is_writable_folder(parent))
    return fail(Code::output, "no permission to write in folder '" + parent + "'",
                "choose an output in a folder of yours");
  return {};
}

Result<void> check_overlap(const std::string& output, const std::string& real_output,
                           std::span<const std::string> inputs) {
  // In a place where nothing is yet, no input can lie.
  MRUN_TRY_ASSIGN(const PathInfo existing, link_info(real_output, Code::output));
  for (const std::string& input : inputs) {
    if (input == "-") continue;
    // What cannot be reached is for the input list to report.
    const Result<PathInfo> info = path_info(input, Code::input);
    if (!info || !info->exists()) continue;
    if (!existing.exists() && info->kind != PathKind::folder) continue;
    // A pipe of the shell and a file that is removed already are open, and lie nowhere.
    const Result<std::string> real_input = real_path(input, Code::output);
    if (!real_input) continue;
    if (lies_in(*real_input, real_output))
      return fail(Code::output, "input '" + input + "' lies in the output '" + output + "'",
                  "choose another output");
    if (info->kind == PathKind::folder && lies_in(real_output, *real_input))
      return fail(Code::output, "output '" + output + "' lies in the input '" + input + "'",
                  "put the output beside the input, not into it");
  }
  return {};
}

/// In a folder with the sticky bit (as /tmp) only owners may replace a name.
Result<bool> may_replace(const OutputTarget& target, const PathInfo& existing) {
  constexpr std::uint32_t kSticky = 01000;
  MRUN_TRY_ASSIGN(const PathInfo parent, path_info(target.parent, Code::output));
  const std::uint32_t user = effective_user();
  return (parent.mode & kSticky) == 0 || user == 0 || user == existing.user || user == parent.user;
}

/// What stands at the place: nothing, an empty folder, or an output that `overwrite` may replace.
Result<void> check_existing(const std::string& output, OutputTarget& target, bool overwrite) {
  const std::string path = target.path();
  MRUN_TRY_ASSIGN(const PathInfo info, link_info(path, Code::output));
  if (!info.exists()) return {};
  if (info.kind != PathKind::folder)
    return fail(Code::output, "output '" + output + "' exists and is not a folder",
                "remove it, or choose another output");
  MRUN_TRY_ASSIGN(const bool is_mount, is_mount_point(path, Code::output));
  if (is_mount)
    return fail(Code::output, "output '" + output + "' is a mount point, which cannot be replaced",
                "choose a new folder inside it");
  MRUN_TRY_ASSIGN(const std::string current, real_path(".", Code::output));
  if (path == current)
    return fail(Code::output, "output '" + output + "' is the current folder",
                "choose a new folder inside it");
  MRUN_TRY_ASSIGN(const bool may, may_replace(target, info));
  if (!may)
    return fail(Code::output, "output '" + output + "' exists and belongs to another user",
                "choose another output");
  MRUN_TRY_ASSIGN(const bool is_empty, folder_is_empty(path, Code::output));
  if (is_empty) return {};

  const Result<Manifest> manifest = read_manifest(without_trailing_slashes(output));
  if (!overwrite)
    return fail(Code::output, "output '" + output + "' exists and is not empty",
                manifest ? "choose another output, or replace it with --overwrite"
                         : "choose another output, or remove it");
  if (!manifest)
    return fail(Code::output,
                "output '" + output + "' is not replaced: " + manifest.error().message,
                "--overwrite replaces outputs of mrun only; remove it yourself");
  if (!is_writable_folder(path))
    return fail(Code::output, "no permission to replace output '" + output + "'",
                "choose another output");
  target.replaces = true;
  return {};
}

}  // namespace

Result<OutputTarget> locate_output(const std::string& output) {
  if (output.empty()) return fail(Code::output, "the output has an empty name");
  const std::string path = without_trailing_slashes(output);
  MRUN_TRY_ASSIGN(const PathInfo named, link_info(path, Code::output));
  if (named.exists()) {
    MRUN_TRY_ASSIGN(const PathInfo reached, path_info(path, Code::output));
    if (!reached.exists())
      return fail(Code::output, "output '" + output + "' is a link that leads nowhere",
                  "remove it, or choose another output");
    MRUN_TRY_ASSIGN(const std::string real, real_path(path, Code::output));
    if (real.size() == 1)
      return fail(Code::output, "output '" + output + "' is the root folder",
                  "choose a new folder inside it");
    return split_path(real);
  }
  OutputTarget target = split_path(path);
  MRUN_TRY(check_parent(target.parent));
  MRUN_TRY_ASSIGN(target.parent, real_path(target.parent, Code::output));
  return target;
}

Result<OutputTarget> check_output(const std::string& output, std::span<const std::string> inputs,
                                  bool overwrite) {
  MRUN_TRY_ASSIGN(OutputTarget target, locate_output(output));
  MRUN_TRY(check_overlap(output, target.path(), inputs));
  MRUN_TRY(check_existing(output, target, overwrite));
  MRUN_TRY(check_parent(target.parent));
  return target;
}

}  // namespace mrun
