// RunOptions: one run of a job, fully resolved: what the command line said, and what was derived.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mrun {

enum class IoMode : std::uint8_t { automatic, mmap, pread };

/// How input bytes are cut into records.
struct RecordFormat {
  enum class Kind : std::uint8_t { lines, fixed } kind = Kind::lines;
  std::uint32_t fixed_bytes = 0;  ///< For Kind::fixed; at least 1.
};

struct RunOptions {
  std::vector<std::string> inputs;  ///< As typed; "-" is the standard input.
  std::string output;               ///< As typed.
  unsigned threads = 1;
  std::uint64_t memory_bytes = 0;
  std::optional<std::uint32_t> partitions;
  std::optional<std::uint64_t> split_bytes;
  std::string tmp_dir;  ///< Empty: beside the output.
  RecordFormat records;
  IoMode io = IoMode::automatic;
  bool overwrite = false;
  bool sync = true;
  /// The job's parameters as given, name and value; for records only, the job itself has them.
  std::vector<std::pair<std::string, std::string>> params;
};

}  // namespace mrun
