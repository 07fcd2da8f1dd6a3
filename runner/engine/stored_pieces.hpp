// Pieces of a merge of finished outputs: which of their parts, and which pairs of these, make each
// part of the new output.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/stop_flag.hpp"
#include "engine/executor.hpp"
#include "engine/piece_sources.hpp"
#include "engine/stored_pairs.hpp"
#include "model/user_code.hpp"
#include "output/part_file.hpp"

namespace mrun {

/// One of the outputs that are merged.
struct StoredOutput {
  struct Part {
    StoredPart stored;
    std::optional<KeyBounds> keys;  ///< As the manifest has them; kv parts have none.
  };
  std::vector<Part> parts;  ///< All of the main output, in order.
};

struct StoredPiecesSetup {
  const UserCode& job;
  std::uint32_t part_count;
  const std::vector<WeightedKey>& sample;  ///< As sample_outputs gives it.
  MemoryBudget& budget;
  Executor& executor;
  const StopFlag& stop;
};

/// Of the keys of all pairs, where the borders between the parts of a total order are to be found;
/// else nothing is read, and it is empty. Errors: those of open_stored.
Result<std::vector<WeightedKey>> sample_outputs(const std::vector<StoredOutput>& outputs,
                                                const UserCode& job, std::uint32_t part_count,
                                                MemoryBudget& budget, Executor& executor,
                                                const StopFlag& stop);

/// Of outputs of the job, in the order in which their values are to stand. Null where not even one
/// piece fits the budget. Errors: those of open_stored.
Result<std::unique_ptr<PieceSource>> pieces_of_outputs(std::vector<StoredOutput> outputs,
                                                       const StoredPiecesSetup& setup);

/// Sources that a part of the new output, where it is not cut, may need of this one at once.
std::size_t sources_at_once(const StoredOutput& output, const UserCode& job,
                            std::uint32_t part_count);

}  // namespace mrun
