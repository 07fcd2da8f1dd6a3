// InputList: the command's input arguments, resolved to an ordered list of files and streams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/compression.hpp"
#include "base/result.hpp"
#include "input/parallel_for.hpp"
#include "model/run_options.hpp"

namespace mrun {

/// What tells whether a file is still the one that was listed.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0, size_bytes = 0;
  std::int64_t mtime_ns = 0, ctime_ns = 0;
  bool operator==(const FileIdentity&) const = default;
};

struct InputFile {
  std::string
      name;  ///< As users see it: the argument without trailing slashes, '/', the relative path.
  std::string path;            ///< To open it; "-" is the standard input.
  std::uint32_t argument = 0;  ///< Ordinal of the argument that it came by.
  std::uint32_t input = 0;     ///< Which of the job's inputs it belongs to.
  bool is_stream = false;      ///< FIFO, standard input, or a file whose size is not known (/proc).
  FileIdentity identity;       ///< Zero for streams.
  Compression compression = Compression::none;  ///< As `find_compressed` has seen it.
  bool is_compressed() const { return compression != Compression::none; }
};

struct InputList {
  std::vector<InputFile> files;
  /// Inside folders: names that begin with '.' or '_', and, beside a `_SUCCESS` and unless globs
  /// include them, files whose names do not begin with "part-".
  std::uint64_t skipped_files = 0;
  std::uint64_t excluded_files = 0;  ///< Names that the globs leave out.

  /// Bytes by which splits and partitions are planned; a stream counts as 256 MiB.
  std::uint64_t planned_bytes() const;
  static constexpr std::uint64_t kStreamPlannedBytes = std::uint64_t{256} << 20;
};

/// Which of the files and folders inside folders are taken. A glob with a '/' is compared with the
/// path below the argument, any other one with the name.
struct WalkRules {
  std::vector<std::string> include;  ///< Files must match one of them; none: all do.
  std::vector<std::string> exclude;  ///< Files and folders must match none of them.
};

/// Lists `arguments` in their order; folders are walked in byte order of relative path, following
/// symbolic links, and what they hold is looked at by `parallel`. Errors (Code::input): missing,
/// unreadable, a link loop, a socket or device, more than one "-", no file left by the globs.
Result<InputList> list_inputs(std::span<const InputArgument> arguments, const WalkRules& rules = {},
                              const ParallelFor& parallel = one_after_another);

/// Looks at the first bytes of all files, whatever their names: what may be cut, and what memory
/// decoders need, must be known before.
Result<void> find_compressed(InputList& inputs, const ParallelFor& parallel = one_after_another);

}  // namespace mrun
