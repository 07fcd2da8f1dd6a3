// Manifest: the `_SUCCESS` file of an output, which says what the output holds and proves it whole.
//
// It is JSON and holds only what input, job and parameters decide, so that the same run gives the
// same bytes. Its last member is the digest of all bytes before it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "model/run_info.hpp"
#include "output/pair_schema.hpp"
#include "output/part_file.hpp"

namespace mrun {

constexpr char kManifestName[] = "_SUCCESS";
constexpr char kMendOfDamage[] =
    "it was changed after it was finished: restore it, or run its job again";
/// The folder inside an output that says when and how a run went.
constexpr char kRunFolderName[] = "_mrun";
constexpr char kRunRecordName[] = "run.json";

/// One input argument and what lay under it.
struct ManifestInput {
  std::string name;
  std::uint64_t files = 0;
  std::uint64_t size_bytes = 0;
  bool operator==(const ManifestInput&) const = default;
};

struct Manifest {
  std::string mrun_version;
  std::string job_name;
  std::string job_version;
  std::vector<std::pair<std::string, std::string>> params;  ///< As given, in order.
  std::vector<ManifestInput> inputs;
  std::vector<PartInfo> parts;  ///< The main output's in order, then each side output's in order.
  std::vector<CounterValue> counters;
  std::optional<PairSchema> pairs;  ///< Of an output in the format table or kv.
  std::uint64_t input_records = 0;
  std::uint64_t emitted_pairs = 0;
  std::uint64_t groups = 0;
};

/// The manifest as the bytes of `_SUCCESS`.
std::string manifest_text(const Manifest& manifest);

/// Code::integrity where `text` is not, byte for byte, what manifest_text made. `path` is for the
/// message.
Result<Manifest> parse_manifest(std::string_view text, const std::string& path);

/// Reads the manifest of the output at `output`. Code::input where there is no folder or it has no
/// `_SUCCESS` (it is no finished output of mrun), Code::integrity where that is damaged.
Result<Manifest> read_manifest(const std::string& output);

}  // namespace mrun
