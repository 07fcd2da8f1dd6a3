// Storage: the one seam through which mrun changes the disk, so that a test can break any step.
//
// Input is not read through it (see mapped_file.hpp): reading cannot leave anything half done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"

namespace mrun {

/// An open file for writing and reading back. Move its owner, not it. One thread at a time, except
/// that `read_at` and `discard` may be called by many at once when nobody writes.
///
/// Short writes and EINTR are invisible. Every error is Code::output and names operation, file,
/// offset and errno in words; a full disk also says which option moves the file elsewhere.
class StorageFile {
 public:
  virtual ~StorageFile() = default;
  virtual Result<void> write_at(std::span<const std::byte> bytes, std::uint64_t offset) = 0;
  /// Whether a write has failed because the file system, or a quota, had no room.
  virtual bool out_of_room() const { return false; }
  /// Reads exactly `bytes.size()` bytes; fewer is an error (Code::integrity: the file is cut).
  virtual Result<void> read_at(std::span<std::byte> bytes, std::uint64_t offset) = 0;
  /// Asks the system to begin writing this range back, without waiting (sync_file_range).
  virtual void start_writeback(std::uint64_t offset, std::uint64_t size_bytes) = 0;
  /// Asks the system to begin reading this range into its cache, without waiting.
  virtual void start_reading(std::uint64_t /*offset*/, std::uint64_t /*size_bytes*/) {}
  /// Says that this range will not be read again: what the disk has of it may leave the cache, as
  /// soon as that is said of what lies beside it in a page. Called by many at once, too.
  virtual void drop_cached(std::uint64_t /*offset*/, std::uint64_t /*size_bytes*/) {}
  /// Says that this range will not be read again, so that its room on disk can be given back at
  /// once (a hole); others may read other ranges meanwhile. False where the file system cannot.
  virtual bool discard(std::uint64_t /*offset*/, std::uint64_t /*size_bytes*/) { return false; }
  /// Forces contents to disk. The first failure is final: a later success proves nothing.
  virtual Result<void> sync() = 0;
  /// Closes and reports what close says; the destructor closes silently.
  virtual Result<void> close() = 0;
  virtual const std::string& name() const = 0;
};

class Storage {
 public:
  virtual ~Storage() = default;
  /// Makes a new file (O_EXCL) with the permissions the umask gives.
  virtual Result<std::unique_ptr<StorageFile>> create(const std::string& path) = 0;
  /// Makes a file without a name in `folder` (O_TMPFILE, or create and unlink), so that no crash
  /// can leave it behind.
  virtual Result<std::unique_ptr<StorageFile>> create_scratch(const std::string& folder) = 0;
  virtual Result<void> make_folder(const std::string& path, std::uint32_t mode) = 0;
  virtual Result<void> set_mode(const std::string& path, std::uint32_t mode) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  /// Swaps two existing paths atomically (RENAME_EXCHANGE).
  virtual Result<void> exchange(const std::string& one, const std::string& other) = 0;
  /// Removes a file, or a folder with all it holds; a path that is missing is not an error. Never
  /// follows symbolic links.
  virtual Result<void> remove_tree(const std::string& path) = 0;
  /// Forces a folder's entries to disk.
  virtual Result<void> sync_folder(const std::string& path) = 0;
};

/// The real disk.
std::unique_ptr<Storage> make_disk_storage();

}  // namespace mrun
