// Blocks of a file that is read into a buffer.
#pragma once

#include <memory>

#include "input/block_source.hpp"
#include "input/split_planner.hpp"
#include "input/window_buffer.hpp"
#include "os/read_file.hpp"

namespace mrun {

/// The records that begin in `range`, read through `buffer`, which outlives the source and serves
/// one source at a time.
Result<std::unique_ptr<BlockSource>> make_pread_blocks(ReadFile file, const SplitRange& range,
                                                       const BlockRules& rules,
                                                       WindowBuffer& buffer);

}  // namespace mrun
