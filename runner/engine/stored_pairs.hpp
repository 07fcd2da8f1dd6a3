// Stored pairs: the parts of a finished output as sources of pairs, for a merge of outputs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/memory_budget.hpp"
#include "engine/merge_phase.hpp"
#include "model/job_spec.hpp"
#include "output/pair_schema.hpp"
#include "shuffle/pair.hpp"
#include "shuffle/partitioner.hpp"

namespace mrun {

/// Where one part of an output lies and what its pairs become.
struct StoredPart {
  std::string path;
  OutputFormat format;
  std::uint64_t records = 0;
  std::uint64_t size_bytes = 0;
  std::uint32_t input = 0;         ///< Which of the merged outputs: the pairs' task.
  std::uint32_t ordinals_add = 0;  ///< To the ordinals of files in keys and values.
};

/// What all sources of a merge share, and what each outlives.
struct StoredShape {
  const JobSpec& spec;
  MemoryBudget& budget;
  PairTally& tally;  ///< Counts the pairs that sources deliver.
};

/// Whether keys are stored as others than they become, so that a range of them says nothing of the
/// stored ones.
bool changes_keys(const JobSpec& spec, std::uint32_t ordinals_add);

/// What a source charges, beside what it maps.
std::size_t stored_source_bytes();

/// The pairs of the range, in stored order. Where `partitioner` is not null, only those of
/// `partition`. Errors: what opening the part says; Code::integrity where it is damaged or its
/// pairs are not of the job's types; Code::limit.
Result<std::unique_ptr<PairSource>> open_stored(const StoredPart& part, const KeyRange& range,
                                                const Partitioner* partitioner,
                                                std::uint32_t partition, const StoredShape& shape);

}  // namespace mrun
