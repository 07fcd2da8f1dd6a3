// Committer: makes a whole output appear at once, or not at all.
//
// Before map: check the place, lock and clean the staging folder beside it, make sure that a
// replacing exchange works there. At the end: sync everything, write `_SUCCESS`, rename.
#pragma once

#include <span>
#include <string>

#include "base/result.hpp"
#include "os/storage.hpp"
#include "output/manifest.hpp"
#include "output/output_target.hpp"
#include "output/staging.hpp"

namespace mrun {

struct OutputRequest {
  std::string output;                   ///< As typed.
  std::span<const std::string> inputs;  ///< As typed; read by `prepare` only.
  bool overwrite = false;
  bool sync = true;  ///< Force everything to disk before it is called done.
};

/// Move-only. Unless `commit` succeeded, its end removes everything it made. Errors are
/// Code::output.
class Committer {
 public:
  /// Refuses what cannot end well before any work is done. `storage` outlives the committer.
  static Result<Committer> prepare(Storage& storage, const OutputRequest& request);

  /// Part files are made here, and finished with `sync()`, before `commit`.
  std::string out_folder() const { return staging_.out_folder(); }
  /// For runs and other files of the work; removed at the end.
  std::string work_folder() const { return staging_.work_folder(); }
  bool sync() const { return sync_; }
  /// Where the output will stand.
  std::string path() const { return target_.path(); }

  /// Publishes out_folder() as the output: with `_SUCCESS` made of `manifest`, and `run_record` as
  /// `_mrun/run.json`. On failure the place is as it was before. Success may carry a warning:
  /// staging could not be removed, and what it is; otherwise it is empty.
  Result<std::string> commit(const Manifest& manifest, const std::string& run_record);

  /// Removes all that was made, and says if it could not. The destructor does it silently.
  Result<void> abort() { return staging_.remove(); }

 private:
  Committer(Storage& storage, OutputTarget target, Staging staging, bool sync)
      : storage_(&storage), target_(std::move(target)), staging_(std::move(staging)), sync_(sync) {}

  Result<void> write_file(const std::string& path, const std::string& text);
  Result<void> write_records(const Manifest& manifest, const std::string& run_record);
  Result<void> publish();
  Result<void> check_free() const;
  Result<void> withdraw();

  Storage* storage_;
  OutputTarget target_;
  Staging staging_;
  bool sync_;
};

}  // namespace mrun
