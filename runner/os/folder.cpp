// Lists folders through readdir.
#include "os/folder.hpp"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "os/errno_text.hpp"

namespace mrun {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using FolderHandle = std::unique_ptr<DIR, CloseFolder>;

Result<FolderHandle> open_folder(const std::string& path, Code code) {
  FolderHandle folder(::opendir(path.c_str()));
  if (folder == nullptr) return system_failure(code, "open folder", path, errno);
  return folder;
}

/// The next entry that is not "." or ".."; null at the end.
Result<const dirent*> next_entry(DIR* folder, const std::string& path, Code code) {
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(folder);
    if (entry == nullptr && errno != 0) return system_failure(code, "list folder", path, errno);
    if (entry == nullptr) return entry;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return entry;
  }
}

PathKind kind_of(unsigned char type) {
  switch (type) {
    case DT_REG:
      return PathKind::file;
    case DT_DIR:
      return PathKind::folder;
    case DT_LNK:
      return PathKind::link;
    case DT_FIFO:
      return PathKind::fifo;
    case DT_SOCK:
      return PathKind::socket;
    case DT_CHR:
      return PathKind::char_device;
    case DT_BLK:
      return PathKind::block_device;
    default:
      return PathKind::missing;
  }
}

}  // namespace

Result<std::vector<FolderEntry>> list_folder(const std::string& path, Code code) {
  MRUN_TRY_ASSIGN(const FolderHandle folder, open_folder(path, code));
  std::vector<FolderEntry> entries;
  for (;;) {
    MRUN_TRY_ASSIGN(const dirent* entry, next_entry(folder.get(), path, code));
    if (entry == nullptr) break;
    entries.push_back({entry->d_name, kind_of(entry->d_type)});
  }
  std::sort(entries.begin(), entries.end(),
            [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
  return entries;
}

Result<bool> folder_is_empty(const std::string& path, Code code) {
  MRUN_TRY_ASSIGN(const FolderHandle folder, open_folder(path, code));
  MRUN_TRY_ASSIGN(const dirent* entry, next_entry(folder.get(), path, code));
  return entry == nullptr;
}

}  // namespace mrun
