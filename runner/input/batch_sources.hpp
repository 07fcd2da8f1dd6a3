// The sources of batches that map tasks read from: a split of files, a piece of a stream.
#pragma once

#include <memory>

#include "input/reader_state.hpp"
#include "input/split_planner.hpp"
#include "input/stream_splitter.hpp"
#include "model/record_batch.hpp"

namespace mrun {

/// The records of a split's ranges, one file open at a time.
Result<std::unique_ptr<BatchSource>> make_file_batches(ReaderState& state, const Split& split);

/// The records of a part of a compressed file; waits until the parts before have been decoded.
Result<std::unique_ptr<BatchSource>> make_packed_batches(ReaderState& state,
                                                         const SplitRange& part);

/// The records of a piece of the stream `file`.
Result<std::unique_ptr<BatchSource>> make_stream_batches(ReaderState& state, std::uint32_t file,
                                                         StreamPiece piece);

}  // namespace mrun
