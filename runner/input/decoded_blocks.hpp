// Blocks of a compressed file, decoded as they are asked for.
#pragma once

#include <cstddef>
#include <memory>

#include "base/compression.hpp"
#include "input/block_source.hpp"
#include "input/input_list.hpp"
#include "input/window_buffer.hpp"
#include "os/read_file.hpp"

namespace mrun {

/// The format of an opened file, by its first bytes.
Result<Compression> compression_of(const ReadFile& file);

/// All records of a compressed file, decoded through `buffer`, which outlives the source and serves
/// one source at a time. The decoder takes at most `memory_bytes`. Offsets are those of the decoded
/// text. Code::input with the place in the file where it is damaged or ends too early, Code::limit
/// where its window or its text is out of all proportion.
Result<std::unique_ptr<BlockSource>> make_decoded_blocks(ReadFile file, Compression compression,
                                                         std::size_t memory_bytes,
                                                         const BlockRules& rules,
                                                         WindowBuffer& buffer);

}  // namespace mrun
