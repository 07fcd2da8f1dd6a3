// The steps that end in one rename.
#include "output/committer.hpp"

#include <memory>

#include "os/folder.hpp"
#include "os/path_info.hpp"

namespace mrun {
namespace {

/// Removes what a killed run left beside an output that this run may not touch.
void sweep_stale(Storage& storage, const std::string& output) {
  const Result<OutputTarget> target = locate_output(output);
  if (!target) return;
  const Result<PathInfo> left =
      link_info(Staging::path_for(target->parent, target->name), Code::output);
  if (left && left->exists())
    static_cast<void>(Staging::acquire(storage, target->parent, target->name));
}

/// Whether this file system can exchange two folders: tried on two of the staging folder's own.
Result<void> probe_exchange(Storage& storage, const Staging& staging, const std::string& output) {
  const std::string probe = staging.path() + "/probe";
  MRUN_TRY(storage.make_folder(probe, 0700));
  if (const Result<void> exchanged = storage.exchange(probe, staging.work_folder()); !exchanged)
    return fail(Code::output,
                "output '" + output + "' cannot be replaced: " + exchanged.error().message,
                "remove it yourself and run again without --overwrite");
  return storage.remove_tree(probe);
}

}  // namespace

Result<Committer> Committer::prepare(Storage& storage, const OutputRequest& request) {
  Result<OutputTarget> target = check_output(request.output, request.inputs, request.overwrite);
  if (!target) {
    sweep_stale(storage, request.output);
    return Failure{std::move(target).error()};
  }
  MRUN_TRY_ASSIGN(Staging staging, Staging::acquire(storage, target->parent, target->name));
  // The run that held the lock until now may have finished the very same output.
  MRUN_TRY_ASSIGN(*target, check_output(request.output, request.inputs, request.overwrite));
  if (target->replaces) MRUN_TRY(probe_exchange(storage, staging, request.output));
  return Committer(storage, *std::move(target), std::move(staging), request.sync);
}

Result<std::string> Committer::commit(const Manifest& manifest, const std::string& run_record) {
  Result<void> published = write_records(manifest, run_record);
  if (published) published = publish();
  const Result<void> removed = staging_.remove();
  if (!published) return Failure{std::move(published).error()};
  return removed ? std::string() : removed.error().message;
}

/// Everything inside the output, durable before anyone can see it. `_SUCCESS` comes last.
Result<void> Committer::write_records(const Manifest& manifest, const std::string& run_record) {
  const std::string run_folder = out_folder() + "/" + kRunFolderName;
  MRUN_TRY(storage_->make_folder(run_folder, 0777));
  MRUN_TRY(write_file(run_folder + "/" + kRunRecordName, run_record));
  if (sync_) MRUN_TRY(storage_->sync_folder(run_folder));
  MRUN_TRY(write_file(out_folder() + "/" + kManifestName, manifest_text(manifest)));
  if (sync_) MRUN_TRY(storage_->sync_folder(out_folder()));
  return {};
}

Result<void> Committer::write_file(const std::string& path, const std::string& text) {
  MRUN_TRY_ASSIGN(const std::unique_ptr<StorageFile> file, storage_->create(path));
  MRUN_TRY(file->write_at(std::as_bytes(std::span(text)), 0));
  if (sync_) MRUN_TRY(file->sync());
  return file->close();
}

/// The one step that readers see. An output whose name is not on disk yet is taken back.
Result<void> Committer::publish() {
  if (target_.replaces) {
    // Hours may lie between the check and now: what stands there must still be ours to replace.
    if (const Result<Manifest> old = read_manifest(path()); !old)
      return fail(Code::output,
                  "output '" + path() + "' has changed since the start: " + old.error().message,
                  "run again; nothing of it was replaced");
    MRUN_TRY(storage_->exchange(out_folder(), path()));
  } else {
    MRUN_TRY(check_free());
    MRUN_TRY(storage_->rename(out_folder(), path()));
  }
  if (!sync_) return {};
  Result<void> synced = storage_->sync_folder(target_.parent);
  if (synced) return synced;
  Error error = std::move(synced).error();
  if (!withdraw()) error.hint = "the output is whole, but may not survive a loss of power";
  return Failure{std::move(error)};
}

/// What appeared at the place while the job ran would make the rename say less.
Result<void> Committer::check_free() const {
  MRUN_TRY_ASSIGN(const PathInfo info, link_info(path(), Code::output));
  if (!info.exists()) return {};
  if (info.kind == PathKind::folder) {
    MRUN_TRY_ASSIGN(const bool is_empty, folder_is_empty(path(), Code::output));
    if (is_empty) return {};
  }
  return fail(Code::output, "output '" + path() + "' has appeared since the start",
              "remove it and run again, or choose another output");
}

Result<void> Committer::withdraw() {
  if (target_.replaces) return storage_->exchange(out_folder(), path());
  return storage_->rename(path(), out_folder());
}

}  // namespace mrun
