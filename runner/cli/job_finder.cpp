// Where jobs lie, and what may have been meant where one does not.
#include "cli/job_finder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/escape_text.hpp"
#include "cli/raw_options.hpp"
#include "cli/suggest.hpp"
#include "os/folder.hpp"
#include "os/path_info.hpp"

namespace mrun {
namespace {

constexpr std::string_view kLibrarySuffix = ".so";

bool is_file(const std::string& path) {
  const Result<PathInfo> info = path_info(path, Code::plugin);
  return info && info->kind == PathKind::file;
}

std::vector<std::string> shipped_names(const std::string& folder) {
  std::vector<std::string> names;
  const Result<std::vector<FolderEntry>> entries = list_folder(folder, Code::plugin);
  if (!entries) return names;
  for (const FolderEntry& entry : *entries)
    if (entry.name.size() > kLibrarySuffix.size() && entry.name.ends_with(kLibrarySuffix))
      names.push_back(entry.name.substr(0, entry.name.size() - kLibrarySuffix.size()));
  return names;
}

Failure no_such_job(const std::string& job, const std::string& folder) {
  std::vector<std::string> names = shipped_names(folder);
  const std::string shipped = fmt::format("{}", fmt::join(names, ", "));
  names.insert(names.end(), command_names().begin(), command_names().end());
  std::string hint = suggest(job, names);
  if (is_file(job) && job.find('/') == std::string::npos) {
    hint = fmt::format("for the file in this folder write ./{}", job);
  } else if (is_file(job + std::string(kLibrarySuffix))) {
    hint = fmt::format("for the file in this folder write {}.so", job);
  } else if (hint.empty()) {
    hint = shipped.empty()
               ? std::string("give the path of a job's library, such as ./wordcount.so")
               : fmt::format("give the path of a job's library, or one of: {}", shipped);
  }
  return fail(Code::plugin, fmt::format("there is no job '{}'", excerpt_text(job)), hint);
}

Result<std::size_t> choose_job(const Plugin& plugin, const JobName& name) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < plugin.job_count(); ++i) names.push_back(plugin.spec(i).name);
  if (name.job.empty() && names.size() == 1) return std::size_t{0};
  const auto found = std::find(names.begin(), names.end(), name.job);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const std::string list = fmt::format("{}", fmt::join(names, ", "));
  if (name.job.empty())
    return fail(Code::usage, fmt::format("'{}' holds several jobs: {}", name.library, list),
                fmt::format("choose one, as in {}:{}", name.library, names[0]));
  const std::string hint = suggest(name.job, names);
  return fail(Code::plugin,
              fmt::format("'{}' holds no job '{}', it holds {}", name.library,
                          excerpt_text(name.job), list),
              hint);
}

}  // namespace

JobName split_job_name(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || is_file(text)) return {text, {}};
  if (!std::string_view(text).substr(0, colon).ends_with(kLibrarySuffix)) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

Result<std::string> shipped_job_folder() {
  MRUN_TRY_ASSIGN(const std::string executable, real_path("/proc/self/exe", Code::plugin));
  const std::string folder = executable.substr(0, executable.rfind('/'));
  return folder.substr(0, folder.rfind('/')) + "/lib/mrun";
}

Result<std::string> find_library(const std::string& job, const std::string& folder) {
  if (job.empty()) return fail(Code::usage, "the job's name is empty");
  if (job.find('/') != std::string::npos) {
    MRUN_TRY_ASSIGN(const PathInfo info, path_info(job, Code::plugin));
    if (!info.exists()) return no_such_job(job, folder);
    return job;
  }
  const bool is_library = job.ends_with(kLibrarySuffix);
  if (is_library && is_file(job)) return "./" + job;
  const std::string shipped =
      fmt::format("{}/{}{}", folder, job, is_library ? std::string_view() : kLibrarySuffix);
  if (is_file(shipped)) return shipped;
  return no_such_job(job, folder);
}

Result<FoundJob> find_job(const std::string& job, const std::string& folder, PluginLog log) {
  const JobName name = split_job_name(job);
  MRUN_TRY_ASSIGN(const std::string library, find_library(name.library, folder));
  MRUN_TRY_ASSIGN(Plugin plugin, Plugin::load(library, std::move(log)));
  MRUN_TRY_ASSIGN(const std::size_t index, choose_job(plugin, name));
  return FoundJob{std::move(plugin), index};
}

}  // namespace mrun
