// Makes, locks, sweeps and removes the staging folder.
#include "output/staging.hpp"

#include <fmt/format.h>

#include "base/hash.hpp"
#include "os/folder.hpp"
#include "os/path_info.hpp"

namespace mrun {
namespace {

constexpr char kLockName[] = "lock";
/// Every further attempt means that another run removed its folder under our hands.
constexpr int kAttemptsMax = 100;

std::string lock_path(const std::string& staging) { return staging + "/" + kLockName; }
/// What a folder is called in the moment of its removal.
std::string gone_path(const std::string& staging) { return staging + ".gone"; }

/// Makes the folder or checks the one that is there. False: it was removed meanwhile, try again.
Result<bool> make_or_check(Storage& storage, const std::string& path) {
  MRUN_TRY_ASSIGN(PathInfo info, link_info(path, Code::output));
  if (!info.exists()) {
    Result<void> made = storage.make_folder(path, 0700);
    MRUN_TRY_ASSIGN(info, link_info(path, Code::output));
    // Another run may have been faster: then its folder is as good.
    if (!info.exists()) return made ? Result<bool>(false) : Failure{std::move(made).error()};
  }
  if (info.kind != PathKind::folder || info.user != effective_user())
    return fail(Code::output,
                "'" + path + "', which this run needs for its unfinished output, is not its own",
                "remove it, or write the output under another name");
  if ((info.mode & 077) != 0) MRUN_TRY(storage.set_mode(path, 0700));
  return true;
}

/// Removes what a run that is gone left. The lock is held.
Result<void> sweep(Storage& storage, const std::string& path) {
  // Its owner may be at the same just now, and either may find nothing left to remove.
  static_cast<void>(storage.remove_tree(gone_path(path)));
  MRUN_TRY_ASSIGN(const std::vector<FolderEntry> entries, list_folder(path, Code::output));
  for (const FolderEntry& entry : entries) {
    if (entry.name != kLockName) MRUN_TRY(storage.remove_tree(path + "/" + entry.name));
  }
  return {};
}

}  // namespace

std::string Staging::path_for(const std::string& parent, const std::string& name) {
  return fmt::format("{}/.mrun-{:016x}", parent == "/" ? "" : parent,
                     hash64(name.data(), name.size()));
}

Result<Staging> Staging::acquire(Storage& storage, const std::string& parent,
                                 const std::string& name) {
  const std::string path = path_for(parent, name);
  const std::string output = (parent == "/" ? "" : parent) + "/" + name;
  Error error{Code::output, "'" + path + "' is removed again and again by other runs", ""};
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    MRUN_TRY_ASSIGN(const bool is_there, make_or_check(storage, path));
    if (!is_there) continue;
    Result<std::optional<FileLock>> lock = FileLock::try_lock(lock_path(path));
    if (!lock) {
      // The folder may have been removed meanwhile; an error that stays is reported in the end.
      error = std::move(lock).error();
      continue;
    }
    if (!*lock)
      return fail(Code::output, "another mrun is writing '" + output + "' now",
                  "wait for it, or choose another output");
    Staging staging(storage, path, **std::move(lock));
    MRUN_TRY(sweep(storage, path));
    // Nobody else passes the staging folder, so these get the permissions that the output has.
    MRUN_TRY(storage.make_folder(staging.out_folder(), 0777));
    MRUN_TRY(storage.make_folder(staging.work_folder(), 0700));
    return staging;
  }
  return Failure{std::move(error)};
}

Staging::~Staging() { static_cast<void>(remove()); }

Result<void> Staging::remove() {
  if (!lock_) return {};
  // Someone may have removed the folder by hand, and another run made it anew.
  const bool is_ours = lock_->still_named(lock_path(path_));
  Result<void> removed;
  if (is_ours) {
    // First what may be large, while the lock keeps others out. What fails here is tried once more
    // below. Then away with the name: once the lock's file is gone, another run may enter a folder
    // of this name, and must not lose its files to us.
    static_cast<void>(storage_->remove_tree(out_folder()));
    static_cast<void>(storage_->remove_tree(work_folder()));
    const std::string gone = gone_path(path_);
    static_cast<void>(storage_->remove_tree(gone));
    removed = storage_->remove_tree(storage_->rename(path_, gone) ? gone : path_);
  }
  lock_.reset();
  return removed;
}

}  // namespace mrun
