// Staging: the one hidden folder beside an output in which a run makes it, locked and swept.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "os/file_lock.hpp"
#include "os/storage.hpp"

namespace mrun {

/// `PARENT/.mrun-<hash of the output's name>`, 0700, with `out/` (the output to be), `work/` (runs)
/// and `lock`. Its name can be found again, so that the next run sweeps what a killed one left.
/// Move-only. Removes the folder when it dies. Errors are Code::output.
class Staging {
 public:
  /// Makes and locks the folder for the output `parent`/`name`; empties it where a run that is gone
  /// left it. A run that still lives is an error. `storage` outlives it.
  static Result<Staging> acquire(Storage& storage, const std::string& parent,
                                 const std::string& name);
  /// Where the folder of an output lies, whether it is there or not.
  static std::string path_for(const std::string& parent, const std::string& name);

  Staging(Staging&& other) noexcept
      : storage_(other.storage_),
        path_(std::move(other.path_)),
        lock_(std::exchange(other.lock_, std::nullopt)) {}
  Staging& operator=(Staging&&) = delete;
  ~Staging();

  const std::string& path() const { return path_; }
  std::string out_folder() const { return path_ + "/out"; }
  std::string work_folder() const { return path_ + "/work"; }

  /// Removes the folder and gives the lock back; a second call does nothing. On failure what is
  /// left is swept by the next run.
  Result<void> remove();

 private:
  Staging(Storage& storage, std::string path, FileLock lock)
      : storage_(&storage), path_(std::move(path)), lock_(std::move(lock)) {}

  Storage* storage_;
  std::string path_;
  std::optional<FileLock> lock_;  ///< Empty once removed.
};

}  // namespace mrun
