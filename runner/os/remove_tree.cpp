// Removes trees by descriptors of their folders, so that no renamed parent leads elsewhere.
#include "os/remove_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

#include "os/errno_text.hpp"
#include "os/owned_fd.hpp"

namespace mrun {
namespace {

Failure removal_failure(const std::string& path, int error_number) {
  return system_failure(Code::output, "remove", path, error_number);
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

/// The folder's names. Read to the end before anything is removed: what readdir says of a folder
/// that changes meanwhile is not defined.
Result<std::vector<std::string>> names_in(int folder_fd, const std::string& shown) {
  const int again = ::openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (again < 0) return removal_failure(shown, errno);
  const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(again));
  if (folder == nullptr) {
    ::close(again);
    return removal_failure(shown, errno);
  }
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr && errno != 0) return removal_failure(shown, errno);
    if (entry == nullptr) return names;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
}

/// Removes `name` in the folder `parent`. `shown` is its whole path, for messages.
Result<void> remove_at(int parent, const std::string& name, const std::string& shown) {
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  // EISDIR is what Linux says of a folder, EPERM what POSIX says.
  if (errno != EISDIR && errno != EPERM) return removal_failure(shown, errno);
  const int unlink_error = errno;
  {
    const OwnedFd folder(
        ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder && errno == ENOENT) return {};
    if (!folder) return removal_failure(shown, errno == ENOTDIR ? unlink_error : errno);
    MRUN_TRY_ASSIGN(const std::vector<std::string> names, names_in(folder.get(), shown));
    for (const std::string& inner : names)
      MRUN_TRY(remove_at(folder.get(), inner, shown + "/" + inner));
  }
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
  return removal_failure(shown, errno);
}

}  // namespace

Result<void> remove_whole_tree(const std::string& path) {
  // A trailing slash would make the system follow a link to a folder.
  std::string bare = path;
  while (bare.size() > 1 && bare.back() == '/') bare.pop_back();
  return remove_at(AT_FDCWD, bare, bare);
}

}  // namespace mrun
