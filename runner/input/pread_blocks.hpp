// Blocks of a file that is read into a buffer.
#pragma once

#include <memory>

#include "input/block_source.hpp"
#include "input/input_list.hpp"
#include "input/split_planner.hpp"
#include "input/window_buffer.hpp"

namespace mrun {

/// The records that begin in `range`, read through `buffer`, which outlives the source and serves
/// one source at a time. Fails where the file is no longer the one that was listed.
Result<std::unique_ptr<BlockSource>> make_pread_blocks(const InputFile& file,
                                                       const SplitRange& range,
                                                       const BlockRules& rules,
                                                       WindowBuffer& buffer);

}  // namespace mrun
