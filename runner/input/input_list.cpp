// Walks the input arguments: files, folders, links, streams.
#include "input/input_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string_view>
#include <unordered_map>

#include "base/compression.hpp"
#include "input/decoded_blocks.hpp"
#include "input/file_identity.hpp"
#include "input/parallel_for.hpp"
#include "model/pair_magic.hpp"
#include "os/errno_text.hpp"
#include "os/folder.hpp"
#include "os/glob.hpp"
#include "os/path_info.hpp"
#include "os/read_file.hpp"

namespace mrun {
namespace {

Failure missing_failure(const std::string& path) {
  const Result<PathInfo> link = link_info(path, Code::input);
  if (link && link->kind == PathKind::link)
    return fail(Code::input, "'" + path + "' is a link that leads nowhere",
                "remove the link or restore what it points at");
  return fail(Code::input, "there is no input '" + path + "'");
}

bool matches_one(const std::vector<std::string>& globs, std::string_view name,
                 std::string_view path) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return glob.find('/') == std::string::npos ? glob_matches(glob, std::string(name))
                                               : glob_matches(glob, std::string(path));
  });
}

// A folder with the first is a finished output, of mrun or of its kin; its result is in files whose
// names begin with the second, and what else it holds are side outputs.
constexpr std::string_view kSuccessName = "_SUCCESS", kPartPrefix = "part-";

class Lister {
 public:
  Lister(const WalkRules& rules, const ParallelFor& parallel)
      : rules_(rules), parallel_(parallel) {}

  Result<void> add_argument(const InputArgument& argument) {
    if (argument.path.empty()) return fail(Code::usage, "an input's name is empty");
    input_ = argument.input;
    MRUN_TRY(argument.path == "-" ? add_standard_input() : add_named(argument.path));
    ++argument_;
    return {};
  }

  /// Looks at the files that the walk has only named.
  Result<InputList> take() {
    std::vector<PathInfo> infos(unseen_.size());
    MRUN_TRY(for_each_batch(unseen_.size(), parallel_, [&](std::size_t index) -> Result<void> {
      const std::string& path = list_.files[unseen_[index]].path;
      MRUN_TRY_ASSIGN(infos[index], path_info(path, Code::input));
      if (infos[index].kind != PathKind::file) return changed_failure(path);
      return check_readable(path, infos[index]);
    }));
    for (std::size_t index = 0; index < unseen_.size(); ++index) {
      InputFile& file = list_.files[unseen_[index]];
      file.is_stream = is_pseudo(file.path, infos[index]);
      if (!file.is_stream) file.identity = identity_of(infos[index]);
    }
    return std::move(list_);
  }

 private:
  struct Found {
    std::string path;
    bool is_file = false;  ///< As the folder says; links and what it does not say are not.
  };
  struct FolderId {
    std::uint64_t device, inode;
    bool operator==(const FolderId&) const = default;
  };

  Result<void> add_named(std::string name) {
    while (!name.empty() && name.back() == '/') name.pop_back();
    // "/" itself loses its whole text above; to the system it is still "/".
    argument_bytes_ = name.size() + 1;
    return add_path(name, name.empty() ? "/" : name);
  }

  Result<void> add_standard_input() {
    if (has_standard_input_)
      return fail(Code::input, "the standard input '-' is given more than once",
                  "name it once; it cannot be read twice");
    has_standard_input_ = true;
    list_.files.push_back({"-", "-", argument_, input_, true, {}});
    return {};
  }

  /// `name` is what users see and the prefix of what lies below; `path` opens it.
  Result<void> add_path(const std::string& name, const std::string& path) {
    MRUN_TRY_ASSIGN(const PathInfo info, path_info(path, Code::input));
    switch (info.kind) {
      case PathKind::folder:
        return add_folder(name, path, info);
      case PathKind::file:
        return add_file(path, info);
      case PathKind::fifo:
        if (above_.empty()) return add_stream(path);
        return fail(Code::input, "'" + path + "' is a pipe inside a folder",
                    "name it on the command line to read it, or leave it out with --exclude");
      case PathKind::char_device:
        if (is_null_device(info)) return add_stream(path);
        return not_read(path, "a device");
      case PathKind::block_device:
        return not_read(path, "a device");
      case PathKind::socket:
        return not_read(path, "a socket");
      case PathKind::link:
      case PathKind::missing:
        break;
    }
    return missing_failure(path);
  }

  Result<void> add_file(const std::string& path, const PathInfo& info) {
    if (is_pseudo(path, info)) return add_stream(path);
    MRUN_TRY(check_readable(path, info));
    // Inside folders only the parts of outputs are looked at: an open for each file would show.
    if (above_.empty()) MRUN_TRY(refuse_pairs(path));
    list_.files.push_back({path, path, argument_, input_, false, identity_of(info)});
    return {};
  }

  Result<void> add_stream(const std::string& path) {
    if (!is_readable(path, PathKind::fifo)) return unreadable(path);
    list_.files.push_back({path, path, argument_, input_, true, {}});
    return {};
  }

  /// Asks the system only where the mode leaves it open.
  static Result<void> check_readable(const std::string& path, const PathInfo& info) {
    constexpr std::uint32_t kReadableByAll = 0444;
    if ((info.mode & kReadableByAll) == kReadableByAll || is_readable(path, info.kind)) return {};
    return unreadable(path);
  }

  static Failure unreadable(const std::string& path) {
    return system_failure(Code::input, "read", path, EACCES);
  }

  /// The pairs of an output in the format table or kv are no records.
  static Result<void> refuse_pairs(const std::string& path) {
    MRUN_TRY_ASSIGN(const ReadFile file, ReadFile::open(path, Code::input));
    std::array<char, kTableMagic.size()> begin{};
    static_assert(kTableMagic.size() == kKvMagic.size());
    MRUN_TRY(file.read_at(std::as_writable_bytes(std::span(begin)), 0));
    const std::string_view magic(begin.data(), begin.size());
    if (magic != kTableMagic && magic != kKvMagic) return {};
    return fail(
        Code::input,
        fmt::format("'{}' belongs to an output in the format {}, and jobs read text", path,
                    magic == kTableMagic ? "table" : "kv"),
        "run its job again without --output-format, or pipe it: mrun cat OUT | mrun JOB - …");
  }

  Failure not_read(const std::string& path, const std::string& what) const {
    return fail(
        Code::input, "'" + path + "' is " + what,
        above_.empty() ? "read it through a pipe: cat it into '-'" : "leave it out with --exclude");
  }

  Result<void> add_folder(const std::string& name, const std::string& path, const PathInfo& info) {
    const FolderId id{info.device, info.inode};
    if (std::find(above_.begin(), above_.end(), id) != above_.end())
      return fail(Code::input, "'" + path + "' leads back to a folder that contains it",
                  "remove the link that makes the loop");
    MRUN_TRY_ASSIGN(std::vector<Found> found, visible_names(name, path));
    above_.push_back(id);
    for (Found& inner : found) {
      if (!inner.is_file) {
        MRUN_TRY(add_path(inner.path, inner.path));
        continue;
      }
      unseen_.push_back(list_.files.size());
      list_.files.push_back({inner.path, std::move(inner.path), argument_, input_, false, {}});
    }
    above_.pop_back();
    return {};
  }

  /// Paths of what the folder holds, in the byte order of all the paths that they lead to.
  Result<std::vector<Found>> visible_names(const std::string& name, const std::string& path) {
    MRUN_TRY_ASSIGN(const std::vector<FolderEntry> entries, list_folder(path, Code::input));
    const bool is_output = std::any_of(entries.begin(), entries.end(), [](const auto& entry) {
      return entry.name == kSuccessName;
    });
    std::vector<Found> found;
    for (const FolderEntry& entry : entries) {
      std::string key = name + "/" + entry.name;
      const bool is_hidden = entry.name[0] == '.' || entry.name[0] == '_';
      const bool is_folder = !is_hidden && leads_to_folder(entry, key);
      const bool is_side =
          is_output && !is_folder && rules_.include.empty() && !entry.name.starts_with(kPartPrefix);
      if (is_hidden || is_side) {
        ++list_.skipped_files;
        continue;
      }
      if (!takes(entry.name, key, is_folder)) {
        ++list_.excluded_files;
        continue;
      }
      // Everything below a folder has a '/' after its name, so the folder sorts as if it had one.
      if (is_folder) key += '/';
      found.push_back({std::move(key), entry.kind == PathKind::file});
    }
    std::sort(found.begin(), found.end(),
              [](const Found& a, const Found& b) { return a.path < b.path; });
    if (is_output && !found.empty() && found.front().is_file)
      MRUN_TRY(refuse_pairs(found.front().path));
    for (Found& one : found)
      if (one.path.back() == '/') one.path.pop_back();
    return found;
  }

  bool takes(const std::string& name, std::string_view path, bool is_folder) const {
    const std::string_view below = path.substr(argument_bytes_);
    if (matches_one(rules_.exclude, name, below)) return false;
    return is_folder || rules_.include.empty() || matches_one(rules_.include, name, below);
  }

  static bool leads_to_folder(const FolderEntry& entry, const std::string& path) {
    if (entry.kind == PathKind::folder) return true;
    if (entry.kind != PathKind::link && entry.kind != PathKind::missing) return false;
    // An error shows again, and is reported, when the path is added.
    const Result<PathInfo> info = path_info(path, Code::input);
    return info && info->kind == PathKind::folder;
  }

  /// Asked once per device: a walk sees many files of few devices.
  bool is_pseudo(const std::string& path, const PathInfo& info) {
    const auto [known, is_new] = pseudo_devices_.try_emplace(info.device, false);
    if (is_new) known->second = is_pseudo_file(path);
    return known->second;
  }

  static bool is_null_device(const PathInfo& info) {
    const Result<PathInfo> null_device = path_info("/dev/null", Code::input);
    return null_device && null_device->same_inode(info);
  }

  InputList list_;
  std::vector<std::size_t> unseen_;  ///< Indices of files that nobody has looked at yet.
  const WalkRules& rules_;
  const ParallelFor& parallel_;
  std::uint32_t argument_ = 0;
  std::size_t argument_bytes_ = 0;  ///< Of its name, with the '/' behind it.
  std::uint32_t input_ = 0;
  bool has_standard_input_ = false;
  std::vector<FolderId> above_;  ///< Folders that contain the one being walked.
  std::unordered_map<std::uint64_t, bool> pseudo_devices_;
};

}  // namespace

std::uint64_t InputList::planned_bytes() const {
  std::uint64_t total = 0;
  for (const InputFile& file : files)
    total += file.is_stream ? kStreamPlannedBytes : file.identity.size_bytes;
  return total;
}

Result<void> find_compressed(InputList& inputs, const ParallelFor& parallel) {
  return for_each_batch(inputs.files.size(), parallel, [&](std::size_t index) -> Result<void> {
    InputFile& file = inputs.files[index];
    if (file.is_stream || file.identity.size_bytes == 0) return {};
    MRUN_TRY_ASSIGN(const ReadFile opened,
                    opened_input(file, ReadFile::open(file.path, Code::input)));
    MRUN_TRY_ASSIGN(file.compression, compression_of(opened));
    return {};
  });
}

Result<InputList> list_inputs(std::span<const InputArgument> arguments, const WalkRules& rules,
                              const ParallelFor& parallel) {
  Lister lister(rules, parallel);
  for (const InputArgument& argument : arguments) MRUN_TRY(lister.add_argument(argument));
  MRUN_TRY_ASSIGN(InputList list, lister.take());
  if (list.files.empty() && list.excluded_files > 0)
    return fail(Code::input, "--include and --exclude leave no file of the input",
                "a glob without '/' is compared with names, any other one with the path below the "
                "argument");
  return list;
}

}  // namespace mrun
