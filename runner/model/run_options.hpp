// RunOptions: one run of a job, fully resolved: what the command line said, and what was derived.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/compression.hpp"
#include "model/spill_compression.hpp"

namespace mrun {

enum class IoMode : std::uint8_t { automatic, mmap, pread };

/// How output records are written: fields and LF; fields and NUL; the value (of a job without
/// values the key) alone; pairs in sorted tables (runner/table/TABLE_FORMAT.md); pairs one behind
/// the other (KV_FORMAT.md there).
enum class OutputFormat : std::uint8_t { text, nul, raw, table, kv };
constexpr bool holds_pairs(OutputFormat format) {
  return format == OutputFormat::table || format == OutputFormat::kv;
}

/// How input bytes are cut into records.
struct RecordFormat {
  /// Ended by LF; ended by NUL; of `fixed_bytes`; a file each; lines whose newlines between quotes
  /// do not count.
  enum class Kind : std::uint8_t { lines, nul, fixed, whole, csv } kind = Kind::lines;
  std::uint32_t fixed_bytes = 0;  ///< For Kind::fixed; at least 1.
  std::uint8_t separator = ',';   ///< For Kind::csv: between fields.
  bool operator==(const RecordFormat&) const = default;

  /// Any byte of a file may be looked at without what lies before it, or with a count over that.
  bool can_be_cut() const { return kind != Kind::whole; }
};

/// An input argument of the command.
struct InputArgument {
  std::string text;         ///< As typed.
  std::string path;         ///< A file or folder; "-" is the standard input.
  std::uint32_t input = 0;  ///< Which of the job's inputs it is.
};

struct RunOptions {
  std::vector<InputArgument> inputs;
  /// Globs for what lies inside folders: only files that match one of `include` (where there are
  /// any), and nothing that matches one of `exclude`.
  std::vector<std::string> include, exclude;
  std::string output;  ///< As typed.
  unsigned threads = 1;
  std::uint64_t memory_bytes = 0;
  std::optional<std::uint32_t> partitions;
  std::optional<std::uint64_t> split_bytes;
  std::vector<std::string> tmp_dirs;             ///< None: beside the output.
  std::optional<std::uint64_t> tmp_limit_bytes;  ///< Of what is on disk there at once.
  std::optional<RecordFormat> records;           ///< Of all inputs; else as the job says.
  bool strip_cr = false;                         ///< A CR at a record's end is no part of it.
  bool skip_header = false;  ///< The first record of each file is handed to no map.
  IoMode io = IoMode::automatic;
  bool decompresses = true;  ///< Compressed input is read as what it holds.
  bool overwrite = false;
  bool sync = true;
  std::optional<OutputFormat> output_format;         ///< Else as the job says.
  Compression compression = Compression::none;       ///< Of the files; of tables only side outputs.
  Compression block_compression = Compression::lz4;  ///< Of the blocks of tables.
  SpillCompression spill_compression = SpillCompression::automatic;
  bool writes_pairs() const { return output_format && holds_pairs(*output_format); }
  /// The parts go to the standard output, in order, and nothing is committed.
  bool is_streamed() const { return output == "-"; }

  /// The job's parameters as given, name and value; for records only, the job itself has them.
  std::vector<std::pair<std::string, std::string>> params;
};

}  // namespace mrun
